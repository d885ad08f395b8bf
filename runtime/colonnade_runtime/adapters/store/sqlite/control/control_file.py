"""The file behind a control store: a few small tables, written by one connection."""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from colonnade.errors import ColonnadeError
from colonnade_runtime.adapters.store.sqlite.files.failures import (
    NEWER,
    UNUSABLE,
    ControlStoreFailure,
    StoreFailure,
    leaves_connection_unsure,
    translated,
)
from colonnade_runtime.adapters.store.sqlite.files.paths import make_private_folder, sync_folder

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE work_index (
    tenant TEXT PRIMARY KEY, named_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE leases (
    name TEXT PRIMARY KEY, owner TEXT, token INTEGER NOT NULL, expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE tenants (
    tenant TEXT PRIMARY KEY, schema_version INTEGER NOT NULL, provisioned_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE dead_letters (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, payload BLOB NOT NULL, error TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
"""


class ControlFile:
    """One connection, opened on first use. Methods block, and may be called from any thread.

    Every method raises `ControlStoreFailure` when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    def query(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a SELECT."""
        with self._failures(), self._lock:
            return self._open().execute(statement, values).fetchall()

    def version(self) -> int:
        """Changes with every commit of another process, and of nobody else."""
        return int(self.query("PRAGMA data_version")[0][0])

    def execute(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run one statement durably and answer how many rows it changed."""
        with self.transaction() as connection:
            return connection.execute(statement, values).rowcount

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Several statements in one durable transaction."""
        with self._failures(), self._lock:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except ColonnadeError:
            raise
        except (sqlite3.Error, OSError) as error:
            label = "/".join(self._path.parts[-2:])
            if isinstance(error, OSError):
                raise ControlStoreFailure(
                    f"{label} cannot be used: {error.strerror or error}.",
                    UNUSABLE,
                    "Check the permissions and the disk of its folder.",
                ) from error
            if leaves_connection_unsure(error):
                self.close()
            raise _failure(error, label) from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            make_private_folder(self._path.parent)
            is_new = not self._path.exists()
            self._path.touch(mode=0o600)
            connection = sqlite3.connect(
                self._path, timeout=2.0, isolation_level=None, check_same_thread=False
            )
            try:
                with _alone_in(self._path.parent):
                    self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            if is_new:
                sync_folder(self._path.parent)
            self._connection = connection
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "trusted_schema=OFF"):
            connection.execute(f"PRAGMA {pragma}")
        with closing(connection.execute("PRAGMA user_version")) as cursor:
            version = cursor.fetchone()[0]
        if version > SCHEMA_VERSION:
            raise ControlStoreFailure(
                f"{self._path.name} in {self._path.parent.name} has schema {version}, and this "
                f"code knows none after {SCHEMA_VERSION}.",
                NEWER,
                "Run the newer release.",
            )
        if version == 0:
            connection.executescript(
                f"BEGIN IMMEDIATE;{_SCHEMA}PRAGMA user_version={SCHEMA_VERSION};COMMIT;"
            )


def _failure(error: Exception, label: str) -> Exception:
    known = translated(error, label)
    if not isinstance(known, StoreFailure):
        return known
    return ControlStoreFailure(known.reason, known.kind, known.mend, message=known.message)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Let one process at a time make files of a folder what they are to be."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
