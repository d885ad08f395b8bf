"""The HTML of each text, which was made anew at every read before."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA


def upgrade(op: Operations) -> None:
    """Create the table. It is filled afterwards: at a read, or before by the schedule."""
    op.create_table(
        "content_renderings",
        sa.Column("content_id", sa.Uuid(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("renderer", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("content_id", name="pk_content_renderings"),
        sa.ForeignKeyConstraint(
            ["content_id"],
            [f"{PLACEHOLDER_SCHEMA}.contents.id"],
            name="fk_content_renderings_content_id_contents",
        ),
        schema=PLACEHOLDER_SCHEMA,
    )
