"""Events, counts, what is known of courses, and reports."""

import sqlalchemy as sa
from alembic.operations import Operations

from colonnade.tables import PLACEHOLDER_SCHEMA, UtcDateTime


def upgrade(op: Operations) -> None:
    """Create the tables."""
    _create_people(op)
    _create_events(op)
    _create_counts(op)
    _create_projections(op)
    _create_reports(op)


def _create_people(op: Operations) -> None:
    op.create_table(
        "people",
        sa.Column("id", _serial(), nullable=False, autoincrement=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("pseudonym", sa.String(64), nullable=True),
        sa.Column("erased_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("pseudonym", name="uq_people_pseudonym"),
        sa.UniqueConstraint("user_id", name="uq_people_user_id"),
        schema=PLACEHOLDER_SCHEMA,
    )
    op.create_table(
        "pseudonym_keys",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pseudonym_keys"),
        schema=PLACEHOLDER_SCHEMA,
    )


def _create_events(op: Operations) -> None:
    op.create_table(
        "events",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("service", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("occurred_us", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("lesson_id", sa.Uuid(), nullable=True),
        sa.Column("enrollment_id", sa.Uuid(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_events"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_events_enrollment", "events", "enrollment_id", "name")
    _index(op, "ix_events_name", "events", "name", "occurred_us")
    op.create_table(
        "client_events",
        sa.Column("person_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("occurred_us", sa.BigInteger(), nullable=False),
        sa.Column("received_us", sa.BigInteger(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("lesson_id", sa.Uuid(), nullable=True),
        sa.Column("properties", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "id", name="pk_client_events"),
        schema=PLACEHOLDER_SCHEMA,
        sqlite_with_rowid=False,
    )
    _index(op, "ix_client_events_name", "client_events", "name", "occurred_us")


def _create_counts(op: Operations) -> None:
    op.create_table(
        "counts",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("quarter", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("metric", sa.String(40), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("course_id", "quarter", "metric", "currency", name="pk_counts"),
        schema=PLACEHOLDER_SCHEMA,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "activity",
        sa.Column("half_day", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("quarters", sa.BigInteger(), nullable=False),
        sa.Column("enrolled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("half_day", "course_id", "person_id", name="pk_activity"),
        schema=PLACEHOLDER_SCHEMA,
        sqlite_with_rowid=False,
    )
    _index(op, "ix_activity_person", "activity", "person_id", "half_day")
    op.create_table(
        "lesson_counts",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("lesson_id", sa.Uuid(), nullable=False),
        sa.Column("completions", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("course_id", "lesson_id", name="pk_lesson_counts"),
        schema=PLACEHOLDER_SCHEMA,
    )
    op.create_table(
        "earnings",
        sa.Column("quarter", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "quarter", "course_id", "person_id", "currency", name="pk_earnings"
        ),
        schema=PLACEHOLDER_SCHEMA,
    )


def _create_projections(op: Operations) -> None:
    op.create_table(
        "enrollments",
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("activated_us", sa.BigInteger(), nullable=True),
        sa.Column("completed_us", sa.BigInteger(), nullable=True),
        sa.Column("ended_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("enrollment_id", name="pk_enrollments"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_enrollments_activated", "enrollments", "activated_us")
    _index(op, "ix_enrollments_person", "enrollments", "person_id", "course_id")
    op.create_table(
        "courses",
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("course_id", name="pk_courses"),
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


def _create_reports(op: Operations) -> None:
    op.create_table(
        "reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.String(200), nullable=False),
        sa.Column("locale", sa.String(35), nullable=False),
        sa.Column("timezone", sa.String(60), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("alternative_text", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reports"),
        schema=PLACEHOLDER_SCHEMA,
    )
    _index(op, "ix_reports_newest", "reports", "created_at", "id")
    op.create_table(
        "report_contents",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("format", sa.String(10), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("report_id", "format", name="pk_report_contents"),
        schema=PLACEHOLDER_SCHEMA,
    )


def _serial() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _index(op: Operations, name: str, table: str, *columns: str) -> None:
    op.create_index(name, table, list(columns), schema=PLACEHOLDER_SCHEMA)
