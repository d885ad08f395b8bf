"""Stores: where a service's tables are, picked by URL scheme."""
