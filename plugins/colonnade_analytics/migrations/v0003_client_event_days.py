"""Client events of a person by day, counted also for the days before."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA

_DAY = 86_400_000_000
_ROW_BYTES = 100


def upgrade(op: Operations) -> None:
    """Create the table and count what is there."""
    op.create_table(
        "client_event_days",
        sa.Column("person_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("day", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "day", name="pk_client_event_days"),
        schema=PLACEHOLDER_SCHEMA,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_client_event_days_day", "client_event_days", ["day"], schema=PLACEHOLDER_SCHEMA
    )
    _count(op.get_bind())


def _count(connection: sa.Connection) -> None:
    metadata = sa.MetaData(schema=PLACEHOLDER_SCHEMA)
    names = ("person_id", "received_us", "name", "properties")
    events = sa.Table("client_events", metadata, *(sa.Column(name) for name in names))
    names = ("person_id", "day", "events", "bytes")
    days = sa.Table("client_event_days", metadata, *(sa.Column(name) for name in names))
    day = sa.cast(events.c.received_us, sa.BigInteger) // _DAY
    size = _ROW_BYTES + sa.func.length(events.c.name) + sa.func.length(events.c.properties)
    counted = sa.select(events.c.person_id, day, sa.func.count(), sa.func.sum(size)).group_by(
        events.c.person_id, day
    )
    connection.execute(days.insert().from_select(list(names), counted))
