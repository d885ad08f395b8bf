"""The runtime: turns declarations into running processes. Plugins never import it."""
