"""Titles are found in either Unicode composition."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA
from colonnade.text import folded


def upgrade(op: Operations) -> None:
    """Fold the titles again that were folded in the composition they came in."""
    courses = sa.Table(
        "courses",
        sa.MetaData(schema=PLACEHOLDER_SCHEMA),
        sa.Column("id"),
        sa.Column("title"),
        sa.Column("folded_title"),
    )
    bind = op.get_bind()
    for course_id, title, before in bind.execute(sa.select(*courses.c)).all():
        if folded(title) != before:
            change = courses.update().where(courses.c.id == course_id)
            bind.execute(change.values(folded_title=folded(title)))
