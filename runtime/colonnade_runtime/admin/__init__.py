"""How the command line works on a running platform: a socket of its own, never its files."""
