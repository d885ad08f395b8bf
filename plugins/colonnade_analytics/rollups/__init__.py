"""Counts by quarter-hour: what each event adds to them, and how they are read."""
