"""Folders and files on disk: locks and permissions."""
