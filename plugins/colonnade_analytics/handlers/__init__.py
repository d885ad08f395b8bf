"""Handlers of the service's operations, one module a noun."""
