"""The embedded policy engine: regopy within the process, on a thread of its own."""
