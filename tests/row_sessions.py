"""Sessions on a SQLite file of their own, for tests of what a session does."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import MetaData

from colonnade.clock import SystemClock
from colonnade.store import Session
from colonnade_runtime.adapters.store.sqlite.driver import SqliteDriver
from colonnade_runtime.adapters.store.sqlite.files.connections import (
    close_connection,
    for_schema_changes,
    open_writer,
)


@contextmanager
def row_sessions(*tables: MetaData) -> Iterator[Callable[[], Session]]:
    """New sessions in one transaction, which is never committed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.sqlite3"
        path.touch()
        connection = open_writer(path)
        with connection.begin():
            for metadata in tables:
                metadata.create_all(for_schema_changes(connection), checkfirst=False)
        connection.begin()
        driver = SqliteDriver(connection)
        try:
            yield lambda: Session(driver, service="rows", tenant="acme", clock=SystemClock())
        finally:
            close_connection(connection)
