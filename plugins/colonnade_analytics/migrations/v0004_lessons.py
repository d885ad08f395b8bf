"""Lessons that were heard of, those included that clients' events and learners have named."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA


def upgrade(op: Operations) -> None:
    """Create the table with every lesson that somebody has completed."""
    op.create_table(
        "lessons",
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("lesson_id", name="pk_lessons"),
        schema=PLACEHOLDER_SCHEMA,
    )
    metadata = sa.MetaData(schema=PLACEHOLDER_SCHEMA)
    names = ("lesson_id", "course_id")
    counts = sa.Table("lesson_counts", metadata, *(sa.Column(name) for name in names))
    lessons = sa.Table("lessons", metadata, *(sa.Column(name) for name in names))
    # A lesson belongs to one course; grouped, so that no store can hold two.
    completed = sa.select(counts.c.lesson_id, sa.func.min(counts.c.course_id)).group_by(
        counts.c.lesson_id
    )
    op.get_bind().execute(lessons.insert().from_select(list(names), completed))
