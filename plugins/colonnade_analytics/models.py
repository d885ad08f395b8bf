"""The tables of the analytics service, one set per tenant.

Times are whole microseconds or quarter-hours since the Unix epoch, so that counting them is
integer arithmetic. People are numbers: `people` alone says whose number it is, and forgets it
when their account is deleted.
"""

from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from colonnade.tables import TYPES, Identified, Timestamped, Versioned, tenant_metadata

EVERY_COURSE = UUID(int=0)
"""The course of a count of all courses together."""

NO_CURRENCY = ""
"""The currency of a count that is not money."""


class Base(DeclarativeBase):
    """The tables of this service."""

    metadata = tenant_metadata()
    type_annotation_map = TYPES


class PersonRow(Base):
    """A person as a number. Without `user_id` their account is gone; `pseudonym` then recognises
    events of theirs that are still under way, until it is forgotten too."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    user_id: Mapped[UUID | None] = mapped_column(unique=True)
    pseudonym: Mapped[str | None] = mapped_column(String(64), unique=True)
    erased_us: Mapped[int | None]


class PseudonymKeyRow(Base):
    """The tenant's secret with which pseudonyms are made; one row."""

    __tablename__ = "pseudonym_keys"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key: Mapped[bytes]


class EventRow(Base):
    """An event of another service, without anything personal in it."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_name", "name", "occurred_us"),
        Index("ix_events_enrollment", "enrollment_id", "name"),
    )

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    service: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    occurred_us: Mapped[int]
    person_id: Mapped[int | None]
    course_id: Mapped[UUID | None]
    lesson_id: Mapped[UUID | None]
    enrollment_id: Mapped[UUID | None]
    data: Mapped[str]


class ClientEventRow(Base):
    """An event that a client sent; `id` is the client's, unique per person."""

    __tablename__ = "client_events"
    __table_args__ = (
        Index("ix_client_events_name", "name", "occurred_us"),
        {"sqlite_with_rowid": False},
    )

    person_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    occurred_us: Mapped[int]
    received_us: Mapped[int]
    course_id: Mapped[UUID | None]
    lesson_id: Mapped[UUID | None]
    properties: Mapped[str]


class ClientEventDayRow(Base):
    """Client events of one person that arrived in one UTC day, counted from 1970: their number,
    and the bytes that they count as."""

    __tablename__ = "client_event_days"
    __table_args__ = (
        Index("ix_client_event_days_day", "day"),
        {"sqlite_with_rowid": False},
    )

    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    events: Mapped[int]
    bytes: Mapped[int]


class CountRow(Base):
    """Count of a metric in one quarter-hour, and the money it moved: in one course, and once more
    in `EVERY_COURSE`, so that queries of either read no rows of the other."""

    __tablename__ = "counts"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    course_id: Mapped[UUID] = mapped_column(primary_key=True)
    quarter: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    metric: Mapped[str] = mapped_column(String(40), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    number: Mapped[int]
    amount: Mapped[int]


class ActivityRow(Base):
    """Activity of a person in a course: the quarter-hours of half a UTC day, as 48 bits.

    `enrolled` says that they have, or had, an enrolment there; others are not learners.
    """

    __tablename__ = "activity"
    __table_args__ = (
        Index("ix_activity_person", "person_id", "half_day"),
        {"sqlite_with_rowid": False},
    )

    half_day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    course_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    quarters: Mapped[int]
    enrolled: Mapped[bool]


class EnrollmentRow(Base):
    """Progress of an enrolment, the same for events in any order."""

    __tablename__ = "enrollments"
    __table_args__ = (
        Index("ix_enrollments_person", "person_id", "course_id"),
        Index("ix_enrollments_activated", "activated_us"),
    )

    enrollment_id: Mapped[UUID] = mapped_column(primary_key=True)
    course_id: Mapped[UUID]
    person_id: Mapped[int]
    activated_us: Mapped[int | None]
    completed_us: Mapped[int | None]
    ended_us: Mapped[int | None]


class LessonCountRow(Base):
    """Number of enrolments that have completed a lesson."""

    __tablename__ = "lesson_counts"

    course_id: Mapped[UUID] = mapped_column(primary_key=True)
    lesson_id: Mapped[UUID] = mapped_column(primary_key=True)
    completions: Mapped[int]


class EarningRow(Base):
    """Earnings of an instructor in one quarter-hour; refunds are subtracted."""

    __tablename__ = "earnings"

    quarter: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    course_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    amount: Mapped[int]


class CourseRow(Base):
    """A course as of `sequence`; a deleted one keeps its title."""

    __tablename__ = "courses"

    course_id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    deleted: Mapped[bool]
    sequence: Mapped[int]


class LessonRow(Base):
    """The course of a lesson that was heard of; it stays when the lesson is deleted."""

    __tablename__ = "lessons"

    lesson_id: Mapped[UUID] = mapped_column(primary_key=True)
    course_id: Mapped[UUID]


class TeacherRow(Base):
    """An instructor of a course as of `sequence`; `active` is false for a former one."""

    __tablename__ = "course_teachers"

    course_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    active: Mapped[bool]
    sequence: Mapped[int]


class ReportRow(Identified, Versioned, Timestamped, Base):
    """A report that was asked for. `scope` is empty for all courses, else a list of ids.

    `step` counts what has been worked off, `state` is what the next step needs; both change in
    one transaction, so that a step is taken once, also after a crash. `begun` is how often the
    next step was begun and nobody knows how it ended: a step may be what ends the process.
    """

    __tablename__ = "reports"
    __table_args__ = (Index("ix_reports_newest", "created_at", "id"),)

    kind: Mapped[str] = mapped_column(String(60))
    parameters: Mapped[str]
    scope: Mapped[str | None]
    requested_by: Mapped[str] = mapped_column(String(200))
    locale: Mapped[str] = mapped_column(String(35))
    timezone: Mapped[str] = mapped_column(String(60))
    status: Mapped[str] = mapped_column(String(20))
    progress: Mapped[int] = mapped_column(Integer)
    failure: Mapped[str | None]
    step: Mapped[int] = mapped_column(Integer)
    begun: Mapped[int] = mapped_column(Integer, server_default="0")
    state: Mapped[str | None]
    title: Mapped[str]
    alternative_text: Mapped[str]


class ReportContentRow(Base):
    """A finished report in one format."""

    __tablename__ = "report_contents"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    format: Mapped[str] = mapped_column(String(10), primary_key=True)
    body: Mapped[bytes]
