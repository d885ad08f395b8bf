"""The orders."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA


def upgrade(op: Operations) -> None:
    """Create the table."""
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("notes", sa.BigInteger(), nullable=False),
        schema=PLACEHOLDER_SCHEMA,
    )
