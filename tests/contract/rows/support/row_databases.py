"""Databases that the suite of the row layer runs against, each with tables for two tenants."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateSchema, DropSchema
from sqlalchemy.util.concurrency import greenlet_spawn

from colonnade.clock import SystemClock
from colonnade.rows.driver import Driver
from colonnade.rows.metadata import PLACEHOLDER_SCHEMA
from colonnade.store import Session
from colonnade_runtime.adapters.store.postgresql.driver import PostgresqlDriver
from colonnade_runtime.adapters.store.sqlite.driver import SqliteDriver
from colonnade_runtime.adapters.store.sqlite.files.connections import (
    close_connection,
    for_schema_changes,
    open_writer,
)

T = TypeVar("T")

TENANTS = ("acme", "bits-and-pieces")
SECONDS = 60.0


class OwnedDriver(Driver, Protocol):
    """A driver whose transactions its owner begins and ends."""

    @property
    def in_transaction(self) -> bool: ...
    def begin(self) -> None: ...
    def commit(self) -> None: ...
    def roll_back(self) -> None: ...


class RowDatabase(Protocol):
    """A database with the suite's tables."""

    name: str

    def call(self, function: Callable[[], T]) -> T:
        """Run a function that uses sessions."""
        ...

    def driver(self, tenant: str) -> OwnedDriver:
        """A driver for a tenant; one of them has a transaction at a time."""
        ...


class Rows:
    """Transactions on a database; see `RowDatabase`."""

    def __init__(self, database: RowDatabase) -> None:
        self.database = database.name
        self.call = database.call
        self._database = database
        self._committed: set[str] = set()

    def driver(self, tenant: str = TENANTS[0]) -> OwnedDriver:
        """A driver for a tenant, without a transaction."""
        return self._database.driver(tenant)

    def beside(self, driver: Driver, tenant: str = TENANTS[0]) -> Session:
        """A session that knows no row yet, in the transaction of a driver."""
        return Session(driver, service="rows", tenant=tenant, clock=SystemClock())

    @contextmanager
    def transaction(self, tenant: str = TENANTS[0]) -> Iterator[Session]:
        """A session in a transaction of its own, which is committed at the end."""
        driver = self.driver(tenant)
        driver.begin()
        session = self.beside(driver, tenant)
        try:
            yield session
            session.finish()
            self._committed.add(tenant)
            driver.commit()
        finally:
            session.close()
            if driver.in_transaction:
                driver.roll_back()

    def clear(self, *tables: MetaData) -> None:
        """Delete every row that a transaction has left in these tables."""
        for tenant in self._committed:
            self.call(lambda: self._clear(self.driver(tenant), tables))  # noqa: B023

    def _clear(self, driver: OwnedDriver, tables: tuple[MetaData, ...]) -> None:
        driver.begin()
        for metadata in tables:
            for table in reversed(metadata.sorted_tables):
                driver.run(table.delete(), None)
        driver.commit()


class SqliteDatabase:
    """A file for each tenant."""

    name = "sqlite"

    def __init__(self, folder: Path, *tables: MetaData) -> None:
        self._connections = {tenant: _new_file(folder / tenant, tables) for tenant in TENANTS}

    def call(self, function: Callable[[], T]) -> T:
        return function()

    def driver(self, tenant: str) -> OwnedDriver:
        return SqliteDriver(self._connections[tenant])

    def close(self) -> None:
        for connection in self._connections.values():
            close_connection(connection)


def _new_file(path: Path, tables: tuple[MetaData, ...]) -> Connection:
    path.touch()
    connection = open_writer(path)
    with connection.begin():
        for metadata in tables:
            metadata.create_all(for_schema_changes(connection), checkfirst=False)
    return connection


class PostgresqlServer:
    """A connection to a server, and the event loop that it lives in."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._engine: AsyncEngine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://"),
            poolclass=NullPool,
            hide_parameters=True,
        )
        self.connection: AsyncConnection = self._runner.run(_connected(self._engine))

    def call(self, function: Callable[[], T]) -> T:
        """Run a function in a greenlet on the loop."""
        return self._runner.run(_in_time(function))

    def close(self) -> None:
        self._runner.run(self.connection.close())
        self._runner.close()


async def _connected(engine: AsyncEngine) -> AsyncConnection:
    return await engine.connect()


async def _in_time(function: Callable[[], T]) -> T:
    async with asyncio.timeout(SECONDS):
        return await greenlet_spawn(function)


class PostgresqlDatabase:
    """A schema for each tenant, of this database's own, on a server that others use as well."""

    name = "postgresql"

    def __init__(self, server: PostgresqlServer, mark: str, *tables: MetaData) -> None:
        self.call = server.call
        self._connection = server.connection
        self._schemas = {tenant: f"{mark}-{tenant}" for tenant in TENANTS}
        self.call(lambda: self._create(tables))

    def driver(self, tenant: str) -> OwnedDriver:
        return PostgresqlDriver(self._connection, self._schemas[tenant])

    def close(self) -> None:
        self.call(self._drop)

    def _create(self, tables: tuple[MetaData, ...]) -> None:
        for schema in self._schemas.values():
            self._run(CreateSchema(schema))
            mapped = self._sync().execution_options(
                schema_translate_map={PLACEHOLDER_SCHEMA: schema}
            )
            for metadata in tables:
                metadata.create_all(mapped, checkfirst=False)
            mapped.commit()

    def _drop(self) -> None:
        for schema in self._schemas.values():
            self._run(DropSchema(schema, cascade=True))

    def _run(self, statement: Any) -> None:
        connection = self._sync()
        connection.execute(statement)
        connection.commit()

    def _sync(self) -> Connection:
        assert self._connection.sync_connection is not None
        return self._connection.sync_connection
