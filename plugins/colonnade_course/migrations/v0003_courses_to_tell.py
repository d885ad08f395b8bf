"""Courses that are older than a service which follows them, to be told of once more."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA


def upgrade(op: Operations) -> None:
    """List every course that there is."""
    op.create_table(
        "courses_to_tell",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("course_id", name="pk_courses_to_tell"),
        schema=PLACEHOLDER_SCHEMA,
    )
    metadata = sa.MetaData(schema=PLACEHOLDER_SCHEMA)
    courses = sa.Table("courses", metadata, sa.Column("id"))
    to_tell = sa.Table("courses_to_tell", metadata, sa.Column("course_id"))
    op.get_bind().execute(to_tell.insert().from_select(["course_id"], sa.select(courses.c.id)))
