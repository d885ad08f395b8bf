"""The row cache: encoded answers, kept until a row that they were made of changes."""

from colonnade_runtime.calls.row_cache.cache import CachedAnswer, Key, Reading, RowCache

__all__ = ["CachedAnswer", "Key", "Reading", "RowCache"]
