"""Blob stores: a folder on the local file system, and memory for tests."""
