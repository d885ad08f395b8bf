"""Migrations of the user service's tables, oldest first."""
