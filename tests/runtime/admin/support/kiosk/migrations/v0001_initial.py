"""The sales that were counted."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA


def upgrade(op: Operations) -> None:
    """Create the table."""
    op.create_table(
        "counted",
        sa.Column("sale_id", sa.Uuid(), primary_key=True),
        sa.Column("times", sa.BigInteger(), nullable=False),
        schema=PLACEHOLDER_SCHEMA,
    )
