"""Tables of services: base, columns and types that all share.

Tables are declared on a placeholder schema that exists nowhere. A store maps it to the tenant's
own (PostgreSQL) or to none (SQLite, one file per tenant), so a statement that forgot its tenant
fails instead of reaching another's rows.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    Uuid,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from colonnade.identifiers import new_id

PLACEHOLDER_SCHEMA = "tenant"
"""The schema that no database has; see `schema_translate_map` in SQLAlchemy."""

PENDING_WORK = "pending_work"
"""Key in a table's `info`: its rows are work to be done after the commit that writes them, so
the store names the tenant in the work index before it commits one. The value is true, or the SQL
condition under which a row still waits: a file that is opened with such rows, as after a restore,
names its tenant too."""

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def tenant_metadata() -> MetaData:
    """New metadata on the placeholder schema, with stable constraint names."""
    return MetaData(schema=PLACEHOLDER_SCHEMA, naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, aware, in UTC; stored without a zone so that text order is time order."""

    impl = DateTime
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """Python type of the column's values; a decorated type does not tell by itself."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone was given; use an aware datetime.")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


TYPES: dict[Any, Any] = {
    datetime: UtcDateTime(),
    UUID: Uuid(),
    bytes: LargeBinary(),
    str: Text(),
    int: BigInteger(),
}
"""Column types of `Mapped[...]` annotations, unless a column says otherwise."""


class Identified:
    """A UUIDv7 primary key named `id`."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-10)


class Versioned:
    """A `version` that counts changes: optimistic locking inside, `ETag`/`If-Match` outside.

    A write to a row that somebody else changed meanwhile fails instead of undoing their change.
    """

    version: Mapped[int] = mapped_column(Integer, nullable=False, sort_order=90)

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.version}


class Timestamped:
    """Times of creation and of the last change; the session fills both from the clock."""

    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), sort_order=91)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), sort_order=92)


class PlatformBase(DeclarativeBase):
    """The tables that every service has in every tenant's store, beside its own."""

    metadata = tenant_metadata()
    type_annotation_map = TYPES


def table_of(row: type[DeclarativeBase]) -> Table:
    """The table of a mapped class.

    Statements on tables cost half of those on classes, for there are no objects to keep in step;
    worth it where one runs for every event or request.
    """
    table = row.__table__
    assert isinstance(table, Table)
    return table


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

    sequence: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    event_id: Mapped[UUID] = mapped_column(unique=True)
    type: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(200))
    envelope: Mapped[bytes]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    generation: Mapped[int] = mapped_column(Integer, server_default=text("0"))


class InboxRow(PlatformBase):
    """An event that a consumer has handled, written in the transaction of its effect."""

    __tablename__ = "colonnade_inbox"

    consumer: Mapped[str] = mapped_column(String(200), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    handled_at: Mapped[datetime] = mapped_column(index=True)


class DeadLetterRow(PlatformBase):
    """An event that a consumer could not handle; kept until somebody replays or discards it."""

    __tablename__ = "colonnade_dead_letters"
    # The work index names the academy as long as a letter waits, so that it counts after a restart.
    __table_args__ = ({"info": {PENDING_WORK: True}},)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    consumer: Mapped[str] = mapped_column(String(200))
    event_id: Mapped[UUID] = mapped_column(index=True)
    type: Mapped[str] = mapped_column(String(200))
    envelope: Mapped[bytes]
    error: Mapped[str]
    attempts: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime]
    replayed_at: Mapped[datetime | None]


class StoreFact(PlatformBase):
    """Facts that a store keeps about itself: schema versions, time of provisioning, fencing
    tokens."""

    __tablename__ = "colonnade_meta"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[str]
