"""Migrations of the course service's tables, oldest first."""
