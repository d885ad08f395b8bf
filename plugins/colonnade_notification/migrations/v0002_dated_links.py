"""Unsubscribe links say when they were made; those from before are good for one more lifetime."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA, UtcDateTime


def upgrade(op: Operations) -> None:
    """Note since when no link without a date is made, beside the key that signed them."""
    keys = sa.Table(
        "notification_keys",
        sa.MetaData(schema=PLACEHOLDER_SCHEMA),
        sa.Column("name", sa.String(40)),
        sa.Column("value", sa.LargeBinary()),
        sa.Column("created_at", UtcDateTime()),
    )
    bind = op.get_bind()
    key = bind.scalar(sa.select(keys.c.value).where(keys.c.name == "unsubscribe"))
    if key is not None:
        now = datetime.now(UTC)
        row = {"name": "unsubscribe_undated", "value": key, "created_at": now}
        bind.execute(keys.insert().values(row))
