"""SQLite's side of the driver port: prepared statements on the cursor, others by SQLAlchemy."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Executable
from sqlalchemy.exc import IntegrityError

from colonnade.rows import ConstraintViolated
from colonnade.rows.driver import Parameters
from colonnade_runtime.adapters.store.sqlite.files.connections import TenantConnection


class SqliteDriver:
    """See `colonnade.rows.driver.Driver`. Used by one thread, in a transaction of its owner."""

    def __init__(self, connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert isinstance(driver, TenantConnection)
        self.dialect: Dialect = connection.dialect
        self._connection = connection
        self._driver = driver

    @property
    def in_transaction(self) -> bool:
        """True from `begin` until a commit or a rollback has ended the transaction."""
        return self._driver.in_transaction

    def begin(self) -> None:
        """Begin a transaction, as this connection begins them."""
        self._driver.execute(self._driver.begin_statement)

    def commit(self) -> None:
        """Commit. A commit that fails leaves the transaction open.

        Raises:
            ConstraintViolated: a constraint that is looked at last refuses.
        """
        self.execute("COMMIT", ())
        self._end()

    def roll_back(self) -> None:
        """Roll back, if a transaction is open."""
        if self._driver.in_transaction:
            self._driver.execute("ROLLBACK")
        self._end()

    def _end(self) -> None:
        # SQLAlchemy believes in a transaction of its own once it has run a statement.
        if self._connection.in_transaction():
            self._connection.rollback()

    def fetch(self, sql: str, parameters: Parameters) -> Sequence[Sequence[Any]]:
        """Run one statement and answer its records."""
        try:
            return self._driver.execute(sql, parameters).fetchall()
        except sqlite3.IntegrityError as error:
            raise ConstraintViolated(str(error)) from error

    def execute(self, sql: str, parameters: Parameters) -> int:
        """Run one statement and answer how many rows it met."""
        try:
            return self._driver.execute(sql, parameters).rowcount
        except sqlite3.IntegrityError as error:
            raise ConstraintViolated(str(error)) from error

    def execute_many(self, sql: str, parameters: Sequence[Parameters]) -> int:
        """Run one statement with each of several parameters; answers how many rows it met."""
        try:
            return self._driver.executemany(sql, parameters).rowcount
        except sqlite3.IntegrityError as error:
            raise ConstraintViolated(str(error)) from error

    def run(self, statement: Executable, parameters: Any) -> CursorResult[Any]:
        """Run a statement that was not prepared, through SQLAlchemy."""
        try:
            return self._connection.execute(statement, parameters)
        except IntegrityError as error:
            raise ConstraintViolated(str(error.orig)) from error
