"""Connections to one SQLite file: what every one is told before its first statement."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine, NullPool
from sqlalchemy.dialects.sqlite.base import SQLiteIdentifierPreparer
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import make_url
from sqlalchemy.util import LRUCache

from colonnade.rows import PLACEHOLDER_SCHEMA

WRITER_WAIT_MILLISECONDS = 2_000
"""How long a thread waits for another process that holds the file."""

INLINE_READ_SECONDS = 0.01
"""How long one read may keep the event loop; a longer one is repeated on a thread."""

STEPS_BETWEEN_CHECKS = 20_000

PAGE_CACHE_KIBIBYTES = 256
CACHED_STATEMENTS = 64


class TenantConnection(sqlite3.Connection):
    """A driver connection in autocommit mode that knows how its transactions begin."""

    begin_statement: ClassVar[str] = "BEGIN"


class ReaderConnection(TenantConnection):
    """Belongs to the event loop's thread: never waits, and stops reading when its time is up."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._until = [float("inf")]
        until = self._until
        self.set_progress_handler(lambda: time.monotonic() > until[0], STEPS_BETWEEN_CHECKS)

    def hurry(self) -> None:
        """Wait for no lock from now on."""
        self.execute("PRAGMA busy_timeout=0").close()

    def start_reading(self) -> None:
        """Count from now on."""
        self._until[0] = time.monotonic() + INLINE_READ_SECONDS


class WriterConnection(TenantConnection):
    """Takes the write lock at once: a transaction that began as a read cannot lose it later."""

    begin_statement = "BEGIN IMMEDIATE"


class _Preparer(SQLiteIdentifierPreparer):
    """Renders the placeholder schema as none, once per statement.

    `schema_translate_map` says the same but replaces text at every execution (15 % of a write).
    """

    def schema_for_object(self, object_: Any) -> str | None:  # type: ignore[override]
        return None


class _Dialect(SQLiteDialect_pysqlite):
    supports_statement_cache = True
    preparer = _Preparer

    def do_begin(self, dbapi_connection: Any) -> None:
        # A unit of work has begun by itself; see `SqliteDriver`.
        if not dbapi_connection.in_transaction:
            dbapi_connection.execute(dbapi_connection.begin_statement)


def _initialized_dialect() -> _Dialect:
    dialect = _Dialect(dbapi=sqlite3)
    scratch = _engine(dialect, lambda: sqlite3.connect(":memory:", factory=TenantConnection))
    with scratch.connect() as connection:
        dialect.initialize(connection)
    return dialect


def _engine(dialect: _Dialect, creator: Callable[[], Any]) -> Engine:
    pool = NullPool(creator, dialect=dialect)
    # Parameters are people's data: they stay out of error messages.
    return Engine(
        pool,
        dialect,
        make_url("sqlite://"),
        query_cache_size=0,
        execution_options={"compiled_cache": _compiled},
        hide_parameters=True,
    )


# One dialect and one cache for all files: a statement is compiled once, not once per tenant.
_compiled: Any = LRUCache(1_000)
_dialect = _initialized_dialect()


def open_writer(path: Path) -> Connection:
    """A connection that may write.

    Raises:
        sqlite3.Error, sqlalchemy.exc.DBAPIError: when the file cannot be opened.
    """
    return _connect(path, WriterConnection, WRITER_WAIT_MILLISECONDS, ["PRAGMA journal_mode=WAL"])


def open_inline_reader(path: Path, *, patient: bool = False) -> Connection:
    """A connection for the event loop's thread that cannot write.

    It answers SQLITE_BUSY instead of waiting, and SQLITE_INTERRUPT when a read takes longer
    than `INLINE_READ_SECONDS`. A `patient` one waits until `hurry` is called.
    """
    wait = WRITER_WAIT_MILLISECONDS if patient else 0
    return _connect(path, ReaderConnection, wait, ["PRAGMA query_only=ON"])


def open_patient_reader(path: Path) -> Connection:
    """A connection for another thread that cannot write; it waits and takes its time."""
    return _connect(path, TenantConnection, WRITER_WAIT_MILLISECONDS, ["PRAGMA query_only=ON"])


def for_schema_changes(connection: Connection) -> Connection:
    """The same connection, for whoever asks the database which tables exist."""
    return connection.execution_options(schema_translate_map={PLACEHOLDER_SCHEMA: None})


def close_connection(connection: Connection) -> None:
    """Close for good, also when the last statement failed."""
    connection.invalidate()
    connection.close()


def _connect(
    path: Path, factory: type[TenantConnection], wait: int, pragmas: list[str]
) -> Connection:
    def connect() -> sqlite3.Connection:
        # mode=rw: opening must never make a file that provisioning did not.
        driver = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            timeout=wait / 1_000,
            isolation_level=None,
            check_same_thread=False,
            factory=factory,
            cached_statements=CACHED_STATEMENTS,
            uri=True,
        )
        try:
            # No statement can reach another tenant's file.
            driver.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            for statement in [*_PRAGMAS, *pragmas]:
                driver.execute(statement).close()
        except BaseException:
            driver.close()
            raise
        return driver

    return _engine(_dialect, connect).connect()


_PRAGMAS = [
    "PRAGMA foreign_keys=ON",
    "PRAGMA synchronous=FULL",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA cell_size_check=ON",
    f"PRAGMA cache_size=-{PAGE_CACHE_KIBIBYTES}",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA journal_size_limit=4194304",
]
