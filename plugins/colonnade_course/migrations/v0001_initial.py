"""Courses, who teaches them, sections, lessons, enrolments, progress and reservations."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA, UtcDateTime


def upgrade(op: Operations) -> None:
    """Create the tables."""
    _create_courses(op)
    _create_course_counters(op)
    _create_course_instructors(op)
    _create_sections(op)
    _create_lessons(op)
    _create_enrollments(op)
    _create_lesson_progress(op)
    _create_seat_reservations(op)


def _create_courses(op: Operations) -> None:
    op.create_table(
        "courses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(80), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("folded_title", sa.String(600), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("price_amount", sa.BigInteger(), nullable=True),
        sa.Column("price_currency", sa.String(3), nullable=True),
        sa.Column("seats", sa.BigInteger(), nullable=True),
        sa.Column("license", sa.String(200), nullable=True),
        sa.Column("attribution", sa.Text(), nullable=True),
        sa.Column("external_id", sa.String(200), nullable=True),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        *_history(),
        sa.PrimaryKeyConstraint("id", name="pk_courses"),
        sa.UniqueConstraint("slug", name="uq_courses_slug"),
        sa.UniqueConstraint("external_id", name="uq_courses_external_id"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_courses_newest", "courses", "created_at", "id")


def _create_course_counters(op: Operations) -> None:
    op.create_table(
        "course_counters",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("seats_taken", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("course_id", name="pk_course_counters"),
        _reference("course_counters", "course_id", "courses"),
        schema=PLACEHOLDER_SCHEMA,
    )


def _create_course_instructors(op: Operations) -> None:
    op.create_table(
        "course_instructors",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("course_id", "user_id", name="pk_course_instructors"),
        _reference("course_instructors", "course_id", "courses"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_course_instructors_user", "course_instructors", "user_id", "course_id")


def _create_sections(op: Operations) -> None:
    op.create_table(
        "sections",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=True),
        *_history(),
        sa.PrimaryKeyConstraint("id", name="pk_sections"),
        _reference("sections", "course_id", "courses"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_sections_order", "sections", "course_id", "position", "id")
    _index(op, "uq_sections_external_id", "sections", "course_id", "external_id", unique=True)


def _create_lessons(op: Operations) -> None:
    op.create_table(
        "lessons",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("section_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content_id", sa.Uuid(), nullable=True),
        sa.Column("preview", sa.Boolean(), nullable=False),
        sa.Column("completion", sa.String(20), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("duration_minutes", sa.Integer(), nullable=True),
        sa.Column("external_id", sa.String(200), nullable=True),
        *_history(),
        sa.PrimaryKeyConstraint("id", name="pk_lessons"),
        _reference("lessons", "course_id", "courses"),
        _reference("lessons", "section_id", "sections"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_lessons_order", "lessons", "section_id", "position", "id")
    _index(op, "ix_lessons_content", "lessons", "content_id")
    _index(op, "uq_lessons_external_id", "lessons", "course_id", "external_id", unique=True)


def _create_enrollments(op: Operations) -> None:
    op.create_table(
        "enrollments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("ended_because", sa.String(20), nullable=True),
        sa.Column("last_lesson_id", sa.Uuid(), nullable=True),
        sa.Column("activated_at", UtcDateTime(), nullable=True),
        sa.Column("completed_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        *_history(),
        sa.PrimaryKeyConstraint("id", name="pk_enrollments"),
        _reference("enrollments", "course_id", "courses"),
        schema=PLACEHOLDER_SCHEMA,
    )
    op.create_index(
        "uq_enrollments_live",
        "enrollments",
        ["course_id", "user_id"],
        unique=True,
        schema=PLACEHOLDER_SCHEMA,
        sqlite_where=sa.text("status <> 'ended'"),
        postgresql_where=sa.text("status <> 'ended'"),
    )
    _index(op, "ix_enrollments_course", "enrollments", "course_id", "created_at", "id")
    _index(op, "ix_enrollments_user", "enrollments", "user_id", "created_at", "id")


def _create_lesson_progress(op: Operations) -> None:
    op.create_table(
        "lesson_progress",
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("completed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("enrollment_id", "lesson_id", name="pk_lesson_progress"),
        _reference("lesson_progress", "enrollment_id", "enrollments"),
        _reference("lesson_progress", "lesson_id", "lessons"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_lesson_progress_lesson", "lesson_progress", "lesson_id")


def _create_seat_reservations(op: Operations) -> None:
    op.create_table(
        "seat_reservations",
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_seat_reservations"),
        _reference("seat_reservations", "enrollment_id", "enrollments"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_seat_reservations_enrollment", "seat_reservations", "enrollment_id")


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


def _index(op: Operations, name: str, table: str, *columns: str, unique: bool = False) -> None:
    op.create_index(name, table, list(columns), unique=unique, schema=PLACEHOLDER_SCHEMA)
