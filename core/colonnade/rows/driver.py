"""The driver port: how a unit of work reaches its database.

An adapter implements it on one connection, within one transaction that it owns. Every method is
synchronous: an asynchronous driver is awaited beneath, in a greenlet.
"""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

from sqlalchemy import CursorResult, Dialect, Executable

Parameters: TypeAlias = Sequence[Any]
"""Values in the order of a statement's parameters, as the driver takes them."""


class Driver(Protocol):
    """A connection in a transaction.

    Each method raises `ConstraintViolated` when a constraint of the database refuses, and else
    whatever the driver raises, without the statement's values in its text.
    """

    @property
    def dialect(self) -> Dialect:
        """The dialect that statements are compiled for."""
        ...

    @property
    def in_transaction(self) -> bool:
        """True until the transaction has ended, by its owner or by an error."""
        ...

    def fetch(self, sql: str, parameters: Parameters) -> Sequence[Sequence[Any]]:
        """Run one statement and answer its records."""
        ...

    def execute(self, sql: str, parameters: Parameters) -> int:
        """Run one statement and answer how many rows it met."""
        ...

    def execute_many(self, sql: str, parameters: Sequence[Parameters]) -> int:
        """Run one statement with each of several parameters; answers how many rows it met."""
        ...

    def run(self, statement: Executable, parameters: Any) -> CursorResult[Any]:
        """Run a statement that was not prepared, through SQLAlchemy."""
        ...
