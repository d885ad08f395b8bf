"""Files, pictures, content items, and what is known of courses."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA, UtcDateTime


def upgrade(op: Operations) -> None:
    """Create the tables."""
    _create_files(op)
    _create_media(op)
    _create_contents(op)
    _create_content_belongings(op)
    _create_projections(op)


def _create_files(op: Operations) -> None:
    op.create_table(
        "files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("media_type", sa.String(200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("uploaded_by", sa.String(200), nullable=False),
        *_history(),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_files_newest", "files", "created_at", "id")


def _create_media(op: Operations) -> None:
    op.create_table(
        "media",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        *_history(),
        sa.PrimaryKeyConstraint("id", name="pk_media"),
        _reference("media", "file_id", "files"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_media_newest", "media", "created_at", "id")
    _index(op, "ix_tenant_media_file_id", "media", "file_id")
    op.create_table(
        "media_variants",
        sa.Column("media_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("media_type", sa.String(200), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("media_id", "name", name="pk_media_variants"),
        _reference("media_variants", "media_id", "media"),
        schema=PLACEHOLDER_SCHEMA,
    )


def _create_contents(op: Operations) -> None:
    op.create_table(
        "contents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("media_id", sa.Uuid(), nullable=True),
        sa.Column("external_id", sa.String(200), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        *_history(),
        sa.PrimaryKeyConstraint("id", name="pk_contents"),
        sa.UniqueConstraint("external_id", name="uq_contents_external_id"),
        _reference("contents", "file_id", "files"),
        _reference("contents", "media_id", "media"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_contents_newest", "contents", "created_at", "id")


def _create_content_belongings(op: Operations) -> None:
    op.create_table(
        "content_revisions",
        sa.Column("content_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("media_id", sa.Uuid(), nullable=True),
        sa.Column("changed_by", sa.String(200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("content_id", "revision", name="pk_content_revisions"),
        _reference("content_revisions", "content_id", "contents"),
        schema=PLACEHOLDER_SCHEMA,
    )
    op.create_table(
        "content_references",
        sa.Column("content_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("content_id", "target_id", name="pk_content_references"),
        _reference("content_references", "content_id", "contents"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_tenant_content_references_target_id", "content_references", "target_id")


def _create_projections(op: Operations) -> None:
    op.create_table(
        "lesson_contents",
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("content_id", sa.Uuid(), nullable=True),
        sa.Column("preview", sa.Boolean(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lesson_id", name="pk_lesson_contents"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_tenant_lesson_contents_content_id", "lesson_contents", "content_id")
    op.create_table(
        "course_teachers",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("course_id", "user_id", name="pk_course_teachers"),
        schema=PLACEHOLDER_SCHEMA,
    )
    op.create_table(
        "course_learners",
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("enrollment_id", name="pk_course_learners"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_course_learners_person", "course_learners", "user_id", "course_id")


def _history() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
    )


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{PLACEHOLDER_SCHEMA}.{target}.id"],
        name=f"fk_{table}_{column}_{target}",
    )


def _index(op: Operations, name: str, table: str, *columns: str) -> None:
    op.create_index(name, table, list(columns), schema=PLACEHOLDER_SCHEMA)
