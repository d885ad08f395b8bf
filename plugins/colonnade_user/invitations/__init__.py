"""Invitations: accounts that are offered by mail."""
