"""Accounts: rows, owners and the first account of a tenant."""
