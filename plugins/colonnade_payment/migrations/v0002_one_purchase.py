"""A person has one purchase of a course under way at a time."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA

_UNDER_WAY = "status IN ('pending', 'authorized', 'unknown') AND NOT is_twin"


def upgrade(op: Operations) -> None:
    """Make the store refuse a second one; those that it holds beside an earlier one end as they
    would have."""
    column: sa.Column[bool] = sa.Column(
        "is_twin", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("payments", column, schema=PLACEHOLDER_SCHEMA)
    _mark_twins(op)
    op.create_index(
        "uq_payments_under_way",
        "payments",
        ["course_id", "user_id"],
        unique=True,
        schema=PLACEHOLDER_SCHEMA,
        sqlite_where=sa.text(_UNDER_WAY),
        postgresql_where=sa.text(_UNDER_WAY),
    )


def _mark_twins(op: Operations) -> None:
    payments = sa.Table(
        "payments",
        sa.MetaData(schema=PLACEHOLDER_SCHEMA),
        *(sa.Column(name) for name in ("id", "user_id", "course_id", "status", "created_at")),
        sa.Column("is_twin", sa.Boolean()),
    )
    earlier = payments.alias("earlier")
    open_ones = ("pending", "authorized", "unknown")
    beside = sa.exists().where(
        earlier.c.user_id == payments.c.user_id,
        earlier.c.course_id == payments.c.course_id,
        earlier.c.status.in_(open_ones),
        sa.tuple_(earlier.c.created_at, earlier.c.id)
        < sa.tuple_(payments.c.created_at, payments.c.id),
    )
    change = payments.update().where(payments.c.status.in_(open_ones), beside)
    op.get_bind().execute(change.values(is_twin=sa.true()))
