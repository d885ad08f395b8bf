"""SQLite: one file per service and tenant, for a laptop and for a single machine."""

from colonnade_runtime.adapters.store.sqlite.adapter import SqliteStores, sqlite_stores
from colonnade_runtime.adapters.store.sqlite.control.control_store import SqliteControlStore
from colonnade_runtime.adapters.store.sqlite.store import SqliteStore

__all__ = ["SqliteControlStore", "SqliteStore", "SqliteStores", "sqlite_stores"]
