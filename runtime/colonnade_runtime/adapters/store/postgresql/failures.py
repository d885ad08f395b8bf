"""Failures of PostgreSQL, told without the values that a statement was given."""

import re

import asyncpg
from sqlalchemy.exc import DBAPIError

from colonnade.rows import ConstraintViolated

SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"
IN_FAILED_TRANSACTION = "25P02"

_CONNECTION = "08"
_CONSTRAINT = "23"
_DATA = "22"
_SHUT_DOWN = ("57P01", "57P02", "57P03")
_ARGUMENT = re.compile(r"query argument (\$\d+)")


class StatementFailed(Exception):
    """The database, or the driver before it, refused a statement.

    `sqlstate` says why (PostgreSQL, Appendix A: error codes); it is empty when the driver refused.
    """

    def __init__(self, message: str, sqlstate: str = "") -> None:
        super().__init__(message)
        self.sqlstate = sqlstate

    @property
    def may_succeed_again(self) -> bool:
        """True when the same transaction may pass if it is run once more from its beginning."""
        return self.sqlstate in (SERIALIZATION_FAILURE, DEADLOCK_DETECTED)


class ConnectionLost(StatementFailed):
    """The connection is gone: the transaction was rolled back, unless its commit was under way."""


DRIVER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
"""What asyncpg raises."""


def translated(error: Exception, *, is_closed: bool = False) -> Exception:
    """The error that a caller of the driver gets for one of asyncpg's.

    DETAIL and CONTEXT are left out, they quote values; so are messages about data that does not
    fit its type. `is_closed` says that the connection is.
    """
    if isinstance(error, DBAPIError):
        error = _original(error)
    if isinstance(error, TimeoutError):
        return error
    if is_closed or _tells_of_loss(error):
        sqlstate = getattr(error, "sqlstate", None) or ""
        return ConnectionLost(f"The connection is lost: {type(error).__name__}.", sqlstate)
    if isinstance(error, asyncpg.DataError | asyncpg.InterfaceError) and isinstance(
        error, ValueError
    ):
        found = _ARGUMENT.search(str(error))
        parameter = f"parameter {found[1]}" if found else "a parameter"
        return StatementFailed(f"The value of {parameter} does not fit its SQL type.")
    if not isinstance(error, asyncpg.PostgresError):
        return error
    sqlstate = error.sqlstate or ""
    message = str(error.args[0]) if error.args else ""
    if sqlstate.startswith(_CONSTRAINT):
        return ConstraintViolated(message)
    if sqlstate.startswith(_DATA):
        message = f"A value does not fit its SQL type: {type(error).__name__}"
    return StatementFailed(f"{message} (SQLSTATE {sqlstate})", sqlstate)


def _tells_of_loss(error: Exception) -> bool:
    if isinstance(error, asyncpg.PostgresError):
        sqlstate = error.sqlstate or ""
        return sqlstate.startswith(_CONNECTION) or sqlstate in _SHUT_DOWN
    # A server that says goodbye between two statements leaves asyncpg in a state that it does not
    # expect.
    return isinstance(error, OSError | asyncpg.InternalClientError)


def _original(error: DBAPIError) -> Exception:
    """What asyncpg raised, beneath SQLAlchemy's error and its adaptation."""
    adapted = error.orig
    cause = None if adapted is None else adapted.__cause__
    return cause if isinstance(cause, Exception) else error
