"""Trials of a file that was broken: reading it through, and writing to it."""

import os

from colonnade.store import Session
from colonnade_runtime.adapters.store.sqlite.files.connections import (
    close_connection,
    open_patient_reader,
)
from colonnade_runtime.adapters.store.sqlite.files.failures import (
    DAMAGED,
    DISK_FULL,
    damage,
    no_room,
    translated,
)
from colonnade_runtime.adapters.store.sqlite.files.tenant_file import TenantFile
from colonnade_runtime.adapters.store.sqlite.schema.service_schema import write_fact

ROOM = 64 * 1024 * 1024
PART = 0.05

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


def check_room(file: TenantFile) -> None:
    """Hold a disk that was full to have room again, not for one small row alone: a fault that
    came and went with every write would tell nobody anything; blocking.

    Raises:
        StoreFailure: it has less than `ROOM` bytes, or than `PART` of it where that is less.
    """
    disk = os.statvfs(file.path.parent)
    if disk.f_bavail * disk.f_frsize < min(ROOM, PART * disk.f_blocks * disk.f_frsize):
        raise translated(no_room(), file.label)


EXAMINATIONS = {DAMAGED: read_through, DISK_FULL: check_room}
"""What a file has to pass before it is written to, by the kind of its fault."""


def note_trial(session: Session) -> None:
    """Write something, to see that the file can be written."""
    write_fact(session.driver.run, TRIED_AT, session.now.isoformat())
