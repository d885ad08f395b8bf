"""PostgreSQL's side of the driver port: asyncpg, awaited in a greenlet.

Statements come compiled, with a token in the place of the tenant's schema; asyncpg prepares each
text once per connection and keeps it.
"""

from collections.abc import Awaitable, Sequence
from functools import lru_cache
from typing import Any, Literal, TypeAlias, TypeVar

import asyncpg
from sqlalchemy import CursorResult, Dialect, Executable
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.util.concurrency import await_

from colonnade.rows.driver import Parameters
from colonnade.rows.metadata import PLACEHOLDER_SCHEMA
from colonnade_runtime.adapters.store.postgresql.failures import (
    DRIVER_ERRORS,
    IN_FAILED_TRANSACTION,
    StatementFailed,
    translated,
)

T = TypeVar("T")

Isolation: TypeAlias = Literal["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]

STATEMENTS_KEPT = 8_192
"""How many texts are kept with a tenant's schema in them, of all statements and tenants."""

_TOKEN = f"__[SCHEMA_{PLACEHOLDER_SCHEMA}]"
"""Stands for the schema in what SQLAlchemy compiles with a `schema_translate_map`."""


class PostgresqlDriver:
    """See `colonnade.rows.driver.Driver`. Used within one greenlet, in a transaction of its owner.

    The owner runs everything through `sqlalchemy.util.concurrency.greenlet_spawn`, and sets the
    deadline there. `schema` is the tenant's. Statements in plain text find its tables by their
    bare names.
    """

    def __init__(self, connection: AsyncConnection, schema: str) -> None:
        if schema == PLACEHOLDER_SCHEMA:
            raise ValueError(
                f"The schema '{schema}' stands for a tenant's in statements that forgot theirs, "
                "so no tenant can have it."
            )
        assert connection.sync_connection is not None
        # Transactions are begun and ended here: SQLAlchemy keeps out of them.
        self._connection = connection.sync_connection.execution_options(
            isolation_level="AUTOCOMMIT", schema_translate_map={PLACEHOLDER_SCHEMA: schema}
        )
        driver = self._connection.connection.driver_connection
        assert isinstance(driver, asyncpg.Connection)
        self._driver = driver
        self.dialect: Dialect = self._connection.dialect
        self._schema = self.dialect.identifier_preparer.quote_identifier(schema)

    @property
    def in_transaction(self) -> bool:
        """True from `begin` until a commit or a rollback has ended the transaction."""
        return bool(self._driver.is_in_transaction()) and not self._driver.is_closed()

    def begin(self, isolation: Isolation = "READ COMMITTED", *, read_only: bool = False) -> None:
        """Begin a transaction."""
        access = "READ ONLY" if read_only else "READ WRITE"
        self._run(
            f"BEGIN ISOLATION LEVEL {isolation} {access}; SET LOCAL search_path TO {self._schema}"
        )

    def commit(self) -> None:
        """Commit. A commit that fails has rolled back.

        Raises:
            ConstraintViolated: a constraint that is looked at last refuses.
            StatementFailed: a statement before has failed, so there was nothing to commit.
        """
        try:
            status = self._run("COMMIT")
        finally:
            self._end()
        if status == "ROLLBACK":
            raise StatementFailed(
                "The transaction was rolled back instead of committed: a statement in it had "
                "failed, and no savepoint was set before.",
                IN_FAILED_TRANSACTION,
            )

    def roll_back(self) -> None:
        """Roll back, if a transaction is open."""
        try:
            if self.in_transaction:
                self._run("ROLLBACK")
        finally:
            self._end()

    def fetch(self, sql: str, parameters: Parameters) -> Sequence[Sequence[Any]]:
        """Run one statement and answer its records."""
        records: Sequence[Sequence[Any]] = self._wait_for(
            self._driver.fetch(in_schema(sql, self._schema), *parameters)
        )
        return records

    def execute(self, sql: str, parameters: Parameters) -> int:
        """Run one statement and answer how many rows it met; -1 where that means nothing."""
        _, _, count = self._run(in_schema(sql, self._schema), *parameters).rpartition(" ")
        return int(count) if count.isdecimal() else -1

    def execute_many(self, sql: str, parameters: Sequence[Parameters]) -> int:
        """Run one statement with each of several parameters; answers how many rows it met.

        All are sent before the first answer is read.
        """
        counted = counting(in_schema(sql, self._schema))
        return len(self._wait_for(self._driver.fetchmany(counted, parameters)))

    def run(self, statement: Executable, parameters: Any) -> CursorResult[Any]:
        """Run a statement that was not prepared, through SQLAlchemy."""
        try:
            return self._connection.execute(statement, parameters)
        except DBAPIError as error:
            failure = translated(error, is_closed=self._driver.is_closed())
        # Outside the handler, so that it does not lead to asyncpg's error and the values in that.
        try:
            raise failure
        finally:
            # Its traceback and this frame would be a cycle.
            del failure

    def _run(self, sql: str, *parameters: Any) -> str:
        status: str = self._wait_for(self._driver.execute(sql, *parameters))
        return status

    def _wait_for(self, awaitable: Awaitable[T]) -> T:
        try:
            return await_(awaitable)
        except DRIVER_ERRORS as error:
            failure = translated(error, is_closed=self._driver.is_closed())
        try:
            raise failure
        finally:
            del failure

    def _end(self) -> None:
        # SQLAlchemy believes in a transaction of its own once it has run a statement.
        if self._connection.in_transaction():
            self._connection.rollback()


@lru_cache(maxsize=STATEMENTS_KEPT)
def in_schema(sql: str, schema: str) -> str:
    """A compiled statement with a quoted schema in the place that was left for it."""
    return sql.replace(_TOKEN, schema)


@lru_cache(maxsize=STATEMENTS_KEPT)
def counting(sql: str) -> str:
    """A statement that answers one record for each row it writes, since asyncpg counts none."""
    return sql if "RETURNING " in sql else f"{sql} RETURNING 1"
