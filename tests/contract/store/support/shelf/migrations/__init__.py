"""The schema of the shelf."""
