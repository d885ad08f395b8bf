"""Covers of courses, so that whoever sees a course sees its picture."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA


def upgrade(op: Operations) -> None:
    """Create the table; no course has a cover yet."""
    op.create_table(
        "course_covers",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("media_id", sa.Uuid(), nullable=True),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("course_id", name="pk_course_covers"),
        schema=PLACEHOLDER_SCHEMA,
    )
    op.create_index(
        "ix_tenant_course_covers_media_id",
        "course_covers",
        ["media_id"],
        schema=PLACEHOLDER_SCHEMA,
    )
