"""The notification service: what happened becomes messages, and reaches people."""
