"""What a catalogue shows of a course: description, level, categories and a cover picture."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA


def upgrade(op: Operations) -> None:
    """Add the columns; courses that are there say nothing of it."""
    for column in (
        sa.Column("description", sa.Text(), nullable=False, server_default=""),
        sa.Column("level", sa.String(20), nullable=True),
        sa.Column("categories", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("cover_media_id", sa.Uuid(), nullable=True),
    ):
        op.add_column("courses", column, schema=PLACEHOLDER_SCHEMA)
