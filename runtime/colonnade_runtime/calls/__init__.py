"""Calls of operations: dispatcher, service context, tenants, secrets and the row cache."""
