"""Tables of known courses and their teachers, against which invitations are checked."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA


def upgrade(op: Operations) -> None:
    """Create both tables; the course service tells of the courses that are there already."""
    op.create_table(
        "known_courses",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("course_id", name="pk_known_courses"),
        schema=PLACEHOLDER_SCHEMA,
    )
    op.create_table(
        "course_teachers",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("course_id", "user_id", name="pk_course_teachers"),
        schema=PLACEHOLDER_SCHEMA,
    )
