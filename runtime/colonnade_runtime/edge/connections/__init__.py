"""Bounds on connections: their number, and how long a client may take with each part."""
