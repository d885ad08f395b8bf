"""Trials of a file that was broken: reading it through, and writing to it."""

from sqlalchemy import orm

from colonnade.store import Session
from colonnade_runtime.adapters.store.sqlite.connections import (
    close_connection,
    open_patient_reader,
)
from colonnade_runtime.adapters.store.sqlite.failures import damage, translated
from colonnade_runtime.adapters.store.sqlite.schema import write_fact
from colonnade_runtime.adapters.store.sqlite.tenant_file import TenantFile

TRIED_AT = "tried_at"
"""The fact that is written to see whether a broken file can be written again."""


def read_through(file: TenantFile) -> None:
    """Read a whole file on a connection of its own; blocking.

    Raises:
        StoreFailure: when it is damaged.
    """
    try:
        connection = open_patient_reader(file.path)
        try:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        finally:
            close_connection(connection)
    except Exception as error:
        known = translated(error, file.label, reading=True)
        if known is error:
            raise
        raise known from error
    if found != "ok":
        raise translated(damage(str(found)), file.label)


def note_trial(session: Session) -> None:
    """Write something, to see that the file can be written."""
    write_fact(orm.Session.connection(session), TRIED_AT, session.now.isoformat())
