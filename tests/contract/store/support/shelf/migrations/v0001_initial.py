"""Books, chapters and counters."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA, UtcDateTime


def upgrade(op: Operations) -> None:
    op.create_table(
        "books",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("shelf", sa.Text(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        schema=PLACEHOLDER_SCHEMA,
    )
    op.create_index("ix_tenant_books_shelf", "books", ["shelf"], schema=PLACEHOLDER_SCHEMA)
    op.create_table(
        "chapters",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column(
            "book_id",
            sa.Uuid(),
            sa.ForeignKey(f"{PLACEHOLDER_SCHEMA}.books.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("title", sa.Text(), nullable=False),
        schema=PLACEHOLDER_SCHEMA,
    )
    op.create_index(
        "ix_tenant_chapters_book_id", "chapters", ["book_id"], schema=PLACEHOLDER_SCHEMA
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("value", sa.Integer(), nullable=False),
        schema=PLACEHOLDER_SCHEMA,
    )
