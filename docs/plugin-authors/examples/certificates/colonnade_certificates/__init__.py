"""The certificates service."""
