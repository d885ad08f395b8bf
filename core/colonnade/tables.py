"""Tables that every service has in every tenant's store, beside its own."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, String, text

from colonnade.identifiers import new_id
from colonnade.rows.columns import Column, column
from colonnade.rows.metadata import PENDING_WORK, PLACEHOLDER_SCHEMA, tenant_metadata
from colonnade.rows.row import Row
from colonnade.rows.types import UtcDateTime

# Migrations import these two from here, and are not edited once they are released.
__all__ = [
    "PLACEHOLDER_SCHEMA",
    "DeadLetterRow",
    "InboxRow",
    "OutboxRow",
    "PlatformBase",
    "StoreFact",
    "UtcDateTime",
]


class PlatformBase(Row):
    """The tables that every service has in every tenant's store, beside its own."""

    metadata = tenant_metadata(tracked=False)


class OutboxRow(PlatformBase):
    """An event on its way out, written in the transaction that made it true.

    `sent_at` is empty until every consumer (memory bus) or the broker has it for good; then the
    row is the archive from which a wiped broker is repaired. `sequence` is given out by the
    single writer of the store. `generation` counts how often the event was asked for again: what
    was accepted in an earlier one does not count as sent in this.
    """

    __tablename__ = "colonnade_outbox"
    __table_args__ = (
        Index("ix_colonnade_outbox_pending", "sequence", sqlite_where=text("sent_at IS NULL")),
        {"sqlite_autoincrement": True, "info": {PENDING_WORK: "sent_at IS NULL"}},
    )

    sequence: Column[int] = column(
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
        init=False,
    )
    event_id: Column[UUID] = column(unique=True)
    type: Column[str] = column(String(200))
    key: Column[str] = column(String(200))
    envelope: Column[bytes]
    created_at: Column[datetime]
    sent_at: Column[datetime | None] = column(default=None)
    generation: Column[int] = column(Integer, default=0, server_default=text("0"))


class InboxRow(PlatformBase):
    """An event that a consumer has handled, written in the transaction of its effect."""

    __tablename__ = "colonnade_inbox"

    consumer: Column[str] = column(String(200), primary_key=True)
    event_id: Column[UUID] = column(primary_key=True)
    handled_at: Column[datetime] = column(index=True)


class DeadLetterRow(PlatformBase):
    """An event that a consumer could not handle; kept until somebody replays or discards it."""

    __tablename__ = "colonnade_dead_letters"
    # The work index names the academy as long as a letter waits, so that it counts after a restart.
    __table_args__ = ({"info": {PENDING_WORK: True}},)

    id: Column[UUID] = column(primary_key=True, default_factory=new_id)
    consumer: Column[str] = column(String(200))
    event_id: Column[UUID] = column(index=True)
    type: Column[str] = column(String(200))
    envelope: Column[bytes]
    error: Column[str]
    attempts: Column[int] = column(Integer)
    created_at: Column[datetime]
    replayed_at: Column[datetime | None] = column(default=None)


class StoreFact(PlatformBase):
    """Facts that a store keeps about itself: schema versions, time of provisioning, fencing
    tokens."""

    __tablename__ = "colonnade_meta"

    name: Column[str] = column(String(200), primary_key=True)
    value: Column[str]
