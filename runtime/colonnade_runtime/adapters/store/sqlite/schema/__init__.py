"""Schemas of SQLite files: made new, compared with the code, and brought up to date."""
