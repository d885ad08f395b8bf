"""The port through which replicas hear of each other's changes.

A process drops what it changed itself before the commit returns. Where several processes host
one service, each also announces its changes, and the others drop theirs within one second. With
the memory bus there are no others.
"""

from typing import Any, Protocol

import msgspec

from colonnade.errors import InvalidRequest
from colonnade.row_tracking import RowSet
from colonnade_runtime.row_cache.dependents import row_name

SUBJECT = "cache.{service}.changed"
"""Where a bus carries announcements; every process that hosts the service listens."""

STALE_SECONDS = 1.0
"""How old an answer may be on another replica. One that cannot hear announcements for this long
calls `RowCache.clear` and goes on without keeping answers until it can."""


class ReplicaAnnouncer(Protocol):
    """Tells the other processes that host a service what was changed there."""

    def announce(self, service: str, tenant: str, changed: RowSet) -> None:
        """Called on the loop after each commit; returns at once and never raises.

        Announcements of one tenant may be merged; all have left within half of `STALE_SECONDS`.
        The receiver calls `RowCache.drop` with what `decoded_change` reads, and `RowCache.clear`
        after a gap in what it received.
        """
        ...


class _Change(msgspec.Struct, array_like=True):
    tenant: str
    rows: list[tuple[str, str]]
    tables: list[str]


def encoded_change(tenant: str, changed: RowSet) -> bytes:
    """A change as one message."""
    rows = [(table, row_name(identity)) for table, identity in changed.rows]
    return msgspec.msgpack.encode(_Change(tenant, rows, list(changed.tables)))


def decoded_change(message: bytes) -> tuple[str, RowSet]:
    """The tenant, and what was changed there; rows are named by text, which `drop` understands.

    Raises:
        InvalidRequest: the message is of no form known here; clear the cache then.
    """
    try:
        change = msgspec.msgpack.decode(message, type=_Change)
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise InvalidRequest("An announcement of changed rows is malformed.") from None
    rows: set[tuple[str, tuple[Any, ...]]] = {(table, (name,)) for table, name in change.rows}
    return change.tenant, RowSet(rows, set(change.tables))
