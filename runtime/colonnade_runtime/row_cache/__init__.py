"""The row cache: encoded answers, kept until a row that they were made of changes."""

from colonnade_runtime.row_cache.cache import CachedAnswer, Key, Reading, RowCache
from colonnade_runtime.row_cache.replicas import ReplicaAnnouncer, decoded_change, encoded_change

__all__ = [
    "CachedAnswer",
    "Key",
    "Reading",
    "ReplicaAnnouncer",
    "RowCache",
    "decoded_change",
    "encoded_change",
]
