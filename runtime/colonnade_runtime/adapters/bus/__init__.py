"""Buses: what carries operations and events, picked by URL scheme."""
