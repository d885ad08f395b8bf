"""The process in front of the others: finds out who hosts a path, and forwards."""
