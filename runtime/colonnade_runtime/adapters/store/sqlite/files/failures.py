"""Failures of SQLite, translated for the caller who can act on them and for operators."""

import sqlite3
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError

from colonnade.errors import Conflict, InternalError, Unavailable
from colonnade.rows import ConstraintViolated, StaleRow

NOT_AVAILABLE = "This academy's data is not available at the moment; nothing was changed."
BUSY = "Earlier writes are still under way here; nothing was changed, try again."

DISK_FULL = "disk_full"
DAMAGED = "store_damaged"
UNUSABLE = "store_unusable"
NEWER = "store_newer"
MISSING = "store_missing"
LOCKED = "store_locked"
MIGRATION = "migration_failed"
PROVISIONING = "provisioning_failed"


class StoreFailure(Unavailable):
    """A store that cannot be used.

    `kind` names the fault that it is, and is empty for what passes by itself, such as a lock. The
    client reads `message`; `reason` names the file and is for operators, as `mend` is.
    """

    def __init__(
        self, reason: str, kind: str = "", mend: str = "", *, message: str = NOT_AVAILABLE
    ) -> None:
        super().__init__(message, reason=reason)
        self.kind = kind
        self.mend = mend


class ControlStoreFailure(StoreFailure):
    """The control store of a service cannot be used; no academy's file is to blame."""


@dataclass(frozen=True, slots=True)
class _FailureText:
    reason: str
    kind: str = ""
    mend: str = ""
    message: str = NOT_AVAILABLE


_CORRUPT = _FailureText(
    "{file} is damaged and cannot be read: restore it from a backup; nothing was changed.",
    DAMAGED,
    "Stop the platform, restore the file from a backup, start again.",
)
_PERMISSIONS = "Check that the file and its folder exist, their permissions and their disk."
_MEANINGS = {
    sqlite3.SQLITE_FULL: _FailureText(
        "The disk that holds {file} is full: nothing was changed; make room and try again.",
        DISK_FULL,
        "Make room on the disk; writing goes on by itself.",
    ),
    sqlite3.SQLITE_BUSY: _FailureText(
        "{file} is locked by another process: nothing was changed; try again.",
        LOCKED,
        "`colonnade status` names who holds it; a process that is paused must be ended.",
        message=BUSY,
    ),
    sqlite3.SQLITE_LOCKED: _FailureText(
        "{file} is locked: nothing was changed; try again.", message=BUSY
    ),
    sqlite3.SQLITE_IOERR: _FailureText(
        "{file} cannot be read or written ({name}): check the disk it is on.",
        UNUSABLE,
        "Check the disk that it is on.",
    ),
    sqlite3.SQLITE_READONLY: _FailureText(
        "{file} cannot be written: check its permissions and its disk.", UNUSABLE, _PERMISSIONS
    ),
    sqlite3.SQLITE_PERM: _FailureText(
        "{file} cannot be opened: check its permissions.", UNUSABLE, _PERMISSIONS
    ),
    sqlite3.SQLITE_CANTOPEN: _FailureText(
        "{file} cannot be opened: check that it and its folder exist, their permissions and the"
        " limit of open files.",
        UNUSABLE,
        _PERMISSIONS,
    ),
    sqlite3.SQLITE_CORRUPT: _CORRUPT,
    sqlite3.SQLITE_NOTADB: _CORRUPT,
    sqlite3.SQLITE_NOMEM: _FailureText("There is not enough memory to use {file}; try again."),
    sqlite3.SQLITE_INTERRUPT: _FailureText(
        "A statement on {file} ran for too long and was stopped."
    ),
}
_UNSURE = frozenset(
    {
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        # A connection opened while the file could not be written stays read-only for ever.
        sqlite3.SQLITE_READONLY,
    }
)


def damage(found: str) -> sqlite3.DatabaseError:
    """The error that SQLite would raise for what its own check found."""
    error = sqlite3.DatabaseError(found)
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def no_room() -> sqlite3.OperationalError:
    """The error that SQLite raises on a full disk."""
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


def primary_code(error: BaseException) -> int | None:
    """SQLite's primary result code behind an exception, if it has one.

    Source: https://www.sqlite.org/rescode.html (the low byte of an extended code).
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    if isinstance(code, int):
        return code & 0xFF
    # Python's own complaint about bytes that no text column of ours can hold; it has no code.
    undecodable = isinstance(cause, sqlite3.OperationalError) and "decode to UTF-8" in str(cause)
    return sqlite3.SQLITE_CORRUPT if undecodable else None


def leaves_connection_unsure(error: BaseException) -> bool:
    """Tell whether a connection that saw this error should be closed rather than used again."""
    return primary_code(error) in _UNSURE


def translated(error: Exception, file: str, *, reading: bool = False) -> Exception:
    """The error that callers know, or `error` itself when it says something about their data."""
    if isinstance(error, StaleRow):
        return Conflict(
            "Somebody else changed this meanwhile; read it again and repeat the change."
        )
    if isinstance(error, ConstraintViolated):
        return error
    code = primary_code(error)
    if reading and code == sqlite3.SQLITE_READONLY and _is_query_only(error):
        return InternalError("A unit of work given to read() tried to write; give it to run().")
    meaning = _MEANINGS.get(code) if code is not None else None
    if meaning is None:
        return error
    cause = error.orig if isinstance(error, DBAPIError) else error
    name = getattr(cause, "sqlite_errorname", "unknown error")
    reason = meaning.reason.format(file=file, name=name)
    return StoreFailure(reason, meaning.kind, meaning.mend, message=meaning.message)


def _is_query_only(error: Exception) -> bool:
    """Tell whether `PRAGMA query_only` refused; a file that has moved has an extended code."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY
