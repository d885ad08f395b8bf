"""Administration of a running platform: commands over a socket of its own, never its files."""
