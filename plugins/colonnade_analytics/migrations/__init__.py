"""Migrations of the analytics service's tables, oldest first."""
