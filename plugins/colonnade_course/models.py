"""The tables of the course service, one set per tenant."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, text

from colonnade.rows import Column, Identified, Row, Timestamped, Versioned, column, tenant_metadata
from colonnade.text import folded


class Base(Row):
    """The tables of this service."""

    metadata = tenant_metadata()


class CourseRow(Identified, Versioned, Timestamped, Base):
    """A course.

    Nothing that enrolling changes is in this row, so a cached course stays cached.

    `folded_title` is what a search compares: SQLite folds ASCII only.
    """

    __tablename__ = "courses"
    __table_args__ = (Index("ix_courses_newest", "created_at", "id"),)

    slug: Column[str] = column(String(80), unique=True)
    title: Column[str] = column(String(200))
    folded_title: Column[str] = column(String(600))
    summary: Column[str]
    language: Column[str] = column(String(35))
    status: Column[str] = column(String(20))
    price_amount: Column[int | None] = column(default=None)
    price_currency: Column[str | None] = column(String(3), default=None)
    seats: Column[int | None] = column(default=None)
    license: Column[str | None] = column(String(200), default=None)
    attribution: Column[str | None] = column(default=None)
    external_id: Column[str | None] = column(String(200), unique=True, default=None)
    created_by: Column[str] = column(String(200))
    published_at: Column[datetime | None] = column(default=None)
    description: Column[str] = column(default="", server_default="")
    level: Column[str | None] = column(String(20), default=None)
    categories: Column[list[str]] = column(JSON, default_factory=list, server_default="[]")
    cover_media_id: Column[UUID | None] = column(default=None)

    def retitle(self, title: str) -> None:
        """Set the title and its folded form, which searches compare."""
        self.title = title
        self.folded_title = folded(title)


class CourseCounterRow(Base):
    """Counters of a course, apart from its row so that counting leaves a cached course valid.

    `seats_taken` is the number of enrolments that have not ended; `sequence` that of the last
    event of the course.
    """

    __tablename__ = "course_counters"

    course_id: Column[UUID] = column(ForeignKey("courses.id"), primary_key=True)
    seats_taken: Column[int]
    sequence: Column[int]


class InstructorRow(Versioned, Base):
    """Instructor of a course, also a former one: the row stays, and its version counts on."""

    __tablename__ = "course_instructors"
    __table_args__ = (Index("ix_course_instructors_user", "user_id", "course_id"),)

    course_id: Column[UUID] = column(ForeignKey("courses.id"), primary_key=True)
    user_id: Column[UUID] = column(primary_key=True)
    active: Column[bool]
    since: Column[datetime]


class CourseToTellRow(Base):
    """A course that is to be published once more, as it stands."""

    __tablename__ = "courses_to_tell"

    course_id: Column[UUID] = column(primary_key=True)


class SectionRow(Identified, Versioned, Timestamped, Base):
    """A part of a course."""

    __tablename__ = "sections"
    __table_args__ = (
        Index("ix_sections_order", "course_id", "position", "id"),
        Index("uq_sections_external_id", "course_id", "external_id", unique=True),
    )

    course_id: Column[UUID] = column(ForeignKey("courses.id"))
    title: Column[str] = column(String(200))
    position: Column[int] = column(Integer)
    required: Column[bool]
    external_id: Column[str | None] = column(String(200), default=None)


class LessonRow(Identified, Versioned, Timestamped, Base):
    """A step of a course; `course_id` is its section's, here so that policies can name it."""

    __tablename__ = "lessons"
    __table_args__ = (
        Index("ix_lessons_order", "section_id", "position", "id"),
        Index("ix_lessons_content", "content_id"),
        Index("uq_lessons_external_id", "course_id", "external_id", unique=True),
    )

    course_id: Column[UUID] = column(ForeignKey("courses.id"))
    section_id: Column[UUID] = column(ForeignKey("sections.id"))
    title: Column[str] = column(String(200))
    position: Column[int] = column(Integer)
    content_id: Column[UUID | None] = column(default=None)
    preview: Column[bool]
    completion: Column[str] = column(String(20))
    required: Column[bool]
    duration_minutes: Column[int | None] = column(Integer, default=None)
    external_id: Column[str | None] = column(String(200), default=None)


class EnrollmentRow(Identified, Versioned, Timestamped, Base):
    """Enrolment of a user in a course; at most one per user and course has not ended."""

    __tablename__ = "enrollments"
    __table_args__ = (
        Index(
            "uq_enrollments_live",
            "course_id",
            "user_id",
            unique=True,
            sqlite_where=text("status <> 'ended'"),
            postgresql_where=text("status <> 'ended'"),
        ),
        Index("ix_enrollments_course", "course_id", "created_at", "id"),
        Index("ix_enrollments_user", "user_id", "created_at", "id"),
    )

    course_id: Column[UUID] = column(ForeignKey("courses.id"))
    user_id: Column[UUID]
    status: Column[str] = column(String(20))
    ended_because: Column[str | None] = column(String(20), default=None)
    last_lesson_id: Column[UUID | None] = column(default=None)
    activated_at: Column[datetime | None] = column(default=None)
    completed_at: Column[datetime | None] = column(default=None)
    ended_at: Column[datetime | None] = column(default=None)


class LessonProgressRow(Base):
    """Progress of a learner in one lesson."""

    __tablename__ = "lesson_progress"
    __table_args__ = (Index("ix_lesson_progress_lesson", "lesson_id"),)

    enrollment_id: Column[UUID] = column(ForeignKey("enrollments.id"), primary_key=True)
    lesson_id: Column[UUID] = column(ForeignKey("lessons.id"), primary_key=True)
    started_at: Column[datetime]
    completed_at: Column[datetime | None] = column(default=None)


class ReservationRow(Base):
    """A reservation by its key; without an enrolment it was released before it was made."""

    __tablename__ = "seat_reservations"
    __table_args__ = (Index("ix_seat_reservations_enrollment", "enrollment_id"),)

    key: Column[str] = column(String(100), primary_key=True)
    enrollment_id: Column[UUID | None] = column(ForeignKey("enrollments.id"), default=None)
    created_at: Column[datetime]
