"""Adapters of the bus port: what carries operations and events."""
