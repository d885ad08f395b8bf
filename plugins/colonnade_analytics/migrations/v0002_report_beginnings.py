"""Number of times that the next step of a report was begun."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA


def upgrade(op: Operations) -> None:
    """Add the column; what is under way begins anew."""
    column = sa.Column("begun", sa.Integer(), nullable=False, server_default="0")
    op.add_column("reports", column, schema=PLACEHOLDER_SCHEMA)
