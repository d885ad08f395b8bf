"""Makers of content items and pictures, and with whom they share."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA, UtcDateTime


def upgrade(op: Operations) -> None:
    """Add the columns and the table; what is there was made by whoever wrote it first."""
    for table in ("contents", "media"):
        column = sa.Column("created_by", sa.String(200), nullable=False, server_default="")
        op.add_column(table, column, schema=PLACEHOLDER_SCHEMA)
    op.create_table(
        "content_shares",
        sa.Column("content_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("shared_by", sa.String(200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("content_id", "user_id", name="pk_content_shares"),
        sa.ForeignKeyConstraint(
            ["content_id"],
            [f"{PLACEHOLDER_SCHEMA}.contents.id"],
            name="fk_content_shares_content_id_contents",
        ),
        schema=PLACEHOLDER_SCHEMA,
    )
    op.create_index(
        "ix_tenant_content_shares_user_id",
        "content_shares",
        ["user_id"],
        schema=PLACEHOLDER_SCHEMA,
    )
    _name_makers(op)


def _name_makers(op: Operations) -> None:
    contents, media = (
        _table("contents", "id", "created_by"),
        _table("media", "file_id", "created_by"),
    )
    revisions = _table("content_revisions", "content_id", "revision", "changed_by")
    files = _table("files", "id", "uploaded_by")
    first = sa.select(revisions.c.changed_by).where(
        revisions.c.content_id == contents.c.id, revisions.c.revision == 1
    )
    uploader = sa.select(files.c.uploaded_by).where(files.c.id == media.c.file_id)
    for table, maker in ((contents, first), (media, uploader)):
        known = sa.func.coalesce(maker.scalar_subquery(), "")
        op.get_bind().execute(table.update().values(created_by=known))


def _table(name: str, *columns: str) -> sa.Table:
    metadata = sa.MetaData(schema=PLACEHOLDER_SCHEMA)
    return sa.Table(name, metadata, *(sa.Column(column) for column in columns))
