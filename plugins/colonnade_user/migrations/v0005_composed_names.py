"""Names are found in either Unicode composition."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA
from colonnade.text import folded


def upgrade(op: Operations) -> None:
    """Fold the names again that were folded in the composition they came in."""
    users = sa.Table(
        "users",
        sa.MetaData(schema=PLACEHOLDER_SCHEMA),
        sa.Column("id"),
        sa.Column("name"),
        sa.Column("folded_name"),
    )
    bind = op.get_bind()
    for user_id, name, before in bind.execute(sa.select(*users.c)).all():
        if folded(name) != before:
            change = users.update().where(users.c.id == user_id)
            bind.execute(change.values(folded_name=folded(name)))
