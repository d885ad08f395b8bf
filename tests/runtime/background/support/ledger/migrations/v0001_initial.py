"""The entries."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA


def upgrade(op: Operations) -> None:
    """Create the table."""
    op.create_table(
        "entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        schema=PLACEHOLDER_SCHEMA,
    )
