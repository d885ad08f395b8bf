"""Broken files: reported, examined and written to again until they work."""
