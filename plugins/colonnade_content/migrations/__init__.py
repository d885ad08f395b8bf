"""Migrations of the content service's tables, oldest first."""
