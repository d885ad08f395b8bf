"""Observability of a process: logs and metrics."""
