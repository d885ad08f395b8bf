"""What the database says, turned into what the caller can act on."""

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from colonnade.errors import Conflict, InternalError, Unavailable

_FULL = "The disk that holds {file} is full: nothing was changed; make room and try again."
_CORRUPT = "{file} is damaged and cannot be read: restore it from a backup; nothing was changed."
_SENTENCES = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_BUSY: "{file} is locked by another process: nothing was changed; try again.",
    sqlite3.SQLITE_LOCKED: "{file} is locked: nothing was changed; try again.",
    sqlite3.SQLITE_IOERR: "{file} cannot be read or written ({name}): check the disk it is on.",
    sqlite3.SQLITE_READONLY: "{file} cannot be written: check its permissions and its disk.",
    sqlite3.SQLITE_PERM: "{file} cannot be opened: check its permissions.",
    sqlite3.SQLITE_CANTOPEN: "{file} cannot be opened: check that it and its folder exist, their "
    "permissions and the limit of open files.",
    sqlite3.SQLITE_CORRUPT: _CORRUPT,
    sqlite3.SQLITE_NOTADB: _CORRUPT,
    sqlite3.SQLITE_NOMEM: "There is not enough memory to use {file}; try again.",
    sqlite3.SQLITE_INTERRUPT: "A statement on {file} ran for too long and was stopped.",
}
_BROKEN = frozenset(
    {
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_NOMEM,
    }
)


def primary_code(error: BaseException) -> int | None:
    """SQLite's primary result code behind an exception, if it has one.

    Source: https://www.sqlite.org/rescode.html (the low byte of an extended code).
    """
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def leaves_connection_unsure(error: BaseException) -> bool:
    """Whether a connection that saw this error should be closed rather than used again."""
    return primary_code(error) in _BROKEN


def translated(error: Exception, file: str, *, reading: bool = False) -> Exception:
    """The error that callers know, or `error` itself when it says something about their data."""
    if isinstance(error, StaleDataError):
        return Conflict(
            "Somebody else changed this meanwhile; read it again and repeat the change."
        )
    if isinstance(error, IntegrityError):
        return error
    code = primary_code(error)
    if reading and code == sqlite3.SQLITE_READONLY:
        return InternalError("A unit of work given to read() tried to write; give it to run().")
    sentence = _SENTENCES.get(code) if code is not None else None
    if sentence is None:
        return error
    cause = error.orig if isinstance(error, DBAPIError) else error
    name = getattr(cause, "sqlite_errorname", "unknown error")
    return Unavailable(sentence.format(file=file, name=name))
