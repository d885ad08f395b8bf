"""The tables of the course service, one set per tenant."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column

from colonnade.tables import (
    TYPES,
    Identified,
    Timestamped,
    Versioned,
    tenant_metadata,
)
from colonnade.text import folded


class Base(DeclarativeBase):
    """The tables of this service."""

    metadata = tenant_metadata()
    type_annotation_map = TYPES


class CourseRow(Identified, Versioned, Timestamped, Base):
    """A course.

    Nothing that enrolling changes is in this row, so a cached course stays cached.

    `folded_title` is what a search compares: SQLite folds ASCII only.
    """

    __tablename__ = "courses"
    __table_args__ = (Index("ix_courses_newest", "created_at", "id"),)

    slug: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    folded_title: Mapped[str] = mapped_column(String(600))
    summary: Mapped[str]
    language: Mapped[str] = mapped_column(String(35))
    status: Mapped[str] = mapped_column(String(20))
    price_amount: Mapped[int | None]
    price_currency: Mapped[str | None] = mapped_column(String(3))
    seats: Mapped[int | None]
    license: Mapped[str | None] = mapped_column(String(200))
    attribution: Mapped[str | None]
    external_id: Mapped[str | None] = mapped_column(String(200), unique=True)
    created_by: Mapped[str] = mapped_column(String(200))
    published_at: Mapped[datetime | None]

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

    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    seats_taken: Mapped[int]
    sequence: Mapped[int]


class InstructorRow(Versioned, Base):
    """Instructor of a course, also a former one: the row stays, and its version counts on."""

    __tablename__ = "course_instructors"
    __table_args__ = (Index("ix_course_instructors_user", "user_id", "course_id"),)

    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    active: Mapped[bool]
    since: Mapped[datetime]


class CourseToTellRow(Base):
    """A course that is to be published once more, as it stands."""

    __tablename__ = "courses_to_tell"

    course_id: Mapped[UUID] = mapped_column(primary_key=True)


class SectionRow(Identified, Versioned, Timestamped, Base):
    """A part of a course."""

    __tablename__ = "sections"
    __table_args__ = (
        Index("ix_sections_order", "course_id", "position", "id"),
        Index("uq_sections_external_id", "course_id", "external_id", unique=True),
    )

    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id"))
    title: Mapped[str] = mapped_column(String(200))
    position: Mapped[int] = mapped_column(Integer)
    required: Mapped[bool]
    external_id: Mapped[str | None] = mapped_column(String(200))


class LessonRow(Identified, Versioned, Timestamped, Base):
    """A step of a course; `course_id` is its section's, here so that policies can name it."""

    __tablename__ = "lessons"
    __table_args__ = (
        Index("ix_lessons_order", "section_id", "position", "id"),
        Index("ix_lessons_content", "content_id"),
        Index("uq_lessons_external_id", "course_id", "external_id", unique=True),
    )

    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id"))
    section_id: Mapped[UUID] = mapped_column(ForeignKey("sections.id"))
    title: Mapped[str] = mapped_column(String(200))
    position: Mapped[int] = mapped_column(Integer)
    content_id: Mapped[UUID | None]
    preview: Mapped[bool]
    completion: Mapped[str] = mapped_column(String(20))
    required: Mapped[bool]
    duration_minutes: Mapped[int | None] = mapped_column(Integer)
    external_id: Mapped[str | None] = mapped_column(String(200))
    section_position: Mapped[int] = column_property(
        select(SectionRow.position)
        .where(SectionRow.id == section_id)
        .correlate_except(SectionRow)
        .scalar_subquery(),
        deferred=True,
    )


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

    course_id: Mapped[UUID] = mapped_column(ForeignKey("courses.id"))
    user_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(String(20))
    ended_because: Mapped[str | None] = mapped_column(String(20))
    last_lesson_id: Mapped[UUID | None]
    activated_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class LessonProgressRow(Base):
    """Progress of a learner in one lesson."""

    __tablename__ = "lesson_progress"
    __table_args__ = (Index("ix_lesson_progress_lesson", "lesson_id"),)

    enrollment_id: Mapped[UUID] = mapped_column(ForeignKey("enrollments.id"), primary_key=True)
    lesson_id: Mapped[UUID] = mapped_column(ForeignKey("lessons.id"), primary_key=True)
    started_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]


class ReservationRow(Base):
    """A reservation by its key; without an enrolment it was released before it was made."""

    __tablename__ = "seat_reservations"
    __table_args__ = (Index("ix_seat_reservations_enrollment", "enrollment_id"),)

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    enrollment_id: Mapped[UUID | None] = mapped_column(ForeignKey("enrollments.id"))
    created_at: Mapped[datetime]
