"""Plugins of a platform: found, loaded and asked."""
