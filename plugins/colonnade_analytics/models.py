"""The tables of the analytics service, one set per tenant.

Times are whole microseconds or quarter-hours since the Unix epoch, so that counting them is
integer arithmetic. People are numbers: `people` alone says whose number it is, and forgets it
when their account is deleted.
"""

from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, String

from colonnade.rows import Column, Identified, Row, Timestamped, Versioned, column, tenant_metadata

EVERY_COURSE = UUID(int=0)
"""The course of a count of all courses together."""

NO_CURRENCY = ""
"""The currency of a count that is not money."""


class Base(Row):
    """The tables of this service."""

    metadata = tenant_metadata()


class PersonRow(Base):
    """A person as a number. Without `user_id` their account is gone; `pseudonym` then recognises
    events of theirs that are still under way, until it is forgotten too."""

    __tablename__ = "people"

    id: Column[int] = column(
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
        init=False,
    )
    user_id: Column[UUID | None] = column(unique=True, default=None)
    pseudonym: Column[str | None] = column(String(64), unique=True, default=None)
    erased_us: Column[int | None] = column(default=None)


class PseudonymKeyRow(Base):
    """The tenant's secret with which pseudonyms are made; one row."""

    __tablename__ = "pseudonym_keys"

    id: Column[int] = column(Integer, primary_key=True)
    key: Column[bytes]


class EventRow(Base):
    """An event of another service, without anything personal in it."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_name", "name", "occurred_us"),
        Index("ix_events_enrollment", "enrollment_id", "name"),
    )

    event_id: Column[UUID] = column(primary_key=True)
    service: Column[str] = column(String(40))
    name: Column[str] = column(String(80))
    occurred_us: Column[int]
    person_id: Column[int | None] = column(default=None)
    course_id: Column[UUID | None] = column(default=None)
    lesson_id: Column[UUID | None] = column(default=None)
    enrollment_id: Column[UUID | None] = column(default=None)
    data: Column[str]


class ClientEventRow(Base):
    """An event that a client sent; `id` is the client's, unique per person."""

    __tablename__ = "client_events"
    __table_args__ = (
        Index("ix_client_events_name", "name", "occurred_us"),
        {"sqlite_with_rowid": False},
    )

    person_id: Column[int] = column(primary_key=True)
    id: Column[UUID] = column(primary_key=True)
    name: Column[str] = column(String(64))
    occurred_us: Column[int]
    received_us: Column[int]
    course_id: Column[UUID | None] = column(default=None)
    lesson_id: Column[UUID | None] = column(default=None)
    properties: Column[str]


class ClientEventDayRow(Base):
    """Client events of one person that arrived in one UTC day, counted from 1970: their number,
    and the bytes that they count as."""

    __tablename__ = "client_event_days"
    __table_args__ = (
        Index("ix_client_event_days_day", "day"),
        {"sqlite_with_rowid": False},
    )

    person_id: Column[int] = column(primary_key=True)
    day: Column[int] = column(primary_key=True)
    events: Column[int]
    bytes: Column[int]


class CountRow(Base):
    """Count of a metric in one quarter-hour, and the money it moved: in one course, and once more
    in `EVERY_COURSE`, so that queries of either read no rows of the other."""

    __tablename__ = "counts"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012

    course_id: Column[UUID] = column(primary_key=True)
    quarter: Column[int] = column(primary_key=True)
    metric: Column[str] = column(String(40), primary_key=True)
    currency: Column[str] = column(String(3), primary_key=True)
    number: Column[int]
    amount: Column[int]


class ActivityRow(Base):
    """Activity of a person in a course: the quarter-hours of half a UTC day, as 48 bits.

    `enrolled` says that they have, or had, an enrolment there; others are not learners.
    """

    __tablename__ = "activity"
    __table_args__ = (
        Index("ix_activity_person", "person_id", "half_day"),
        {"sqlite_with_rowid": False},
    )

    half_day: Column[int] = column(primary_key=True)
    course_id: Column[UUID] = column(primary_key=True)
    person_id: Column[int] = column(primary_key=True)
    quarters: Column[int]
    enrolled: Column[bool]


class EnrollmentRow(Base):
    """Progress of an enrolment, the same for events in any order."""

    __tablename__ = "enrollments"
    __table_args__ = (
        Index("ix_enrollments_person", "person_id", "course_id"),
        Index("ix_enrollments_activated", "activated_us"),
    )

    enrollment_id: Column[UUID] = column(primary_key=True)
    course_id: Column[UUID]
    person_id: Column[int]
    activated_us: Column[int | None] = column(default=None)
    completed_us: Column[int | None] = column(default=None)
    ended_us: Column[int | None] = column(default=None)


class LessonCountRow(Base):
    """Number of enrolments that have completed a lesson."""

    __tablename__ = "lesson_counts"

    course_id: Column[UUID] = column(primary_key=True)
    lesson_id: Column[UUID] = column(primary_key=True)
    completions: Column[int]


class EarningRow(Base):
    """Earnings of an instructor in one quarter-hour; refunds are subtracted."""

    __tablename__ = "earnings"

    quarter: Column[int] = column(primary_key=True)
    course_id: Column[UUID] = column(primary_key=True)
    person_id: Column[int] = column(primary_key=True)
    currency: Column[str] = column(String(3), primary_key=True)
    amount: Column[int]


class CourseRow(Base):
    """A course as of `sequence`; a deleted one keeps its title."""

    __tablename__ = "courses"

    course_id: Column[UUID] = column(primary_key=True)
    title: Column[str] = column(String(200))
    deleted: Column[bool]
    sequence: Column[int]


class LessonRow(Base):
    """The course of a lesson that was heard of; it stays when the lesson is deleted."""

    __tablename__ = "lessons"

    lesson_id: Column[UUID] = column(primary_key=True)
    course_id: Column[UUID]


class TeacherRow(Base):
    """An instructor of a course as of `sequence`; `active` is false for a former one."""

    __tablename__ = "course_teachers"

    course_id: Column[UUID] = column(primary_key=True)
    user_id: Column[UUID] = column(primary_key=True)
    active: Column[bool]
    sequence: Column[int]


class ReportRow(Identified, Versioned, Timestamped, Base):
    """A report that was asked for. `scope` is empty for all courses, else a list of ids.

    `step` counts what has been worked off, `state` is what the next step needs; both change in
    one transaction, so that a step is taken once, also after a crash. `begun` is how often the
    next step was begun and nobody knows how it ended: a step may be what ends the process.
    """

    __tablename__ = "reports"
    __table_args__ = (Index("ix_reports_newest", "created_at", "id"),)

    kind: Column[str] = column(String(60))
    parameters: Column[str]
    scope: Column[str | None] = column(default=None)
    requested_by: Column[str] = column(String(200))
    locale: Column[str] = column(String(35))
    timezone: Column[str] = column(String(60))
    status: Column[str] = column(String(20))
    progress: Column[int] = column(Integer)
    failure: Column[str | None] = column(default=None)
    step: Column[int] = column(Integer)
    begun: Column[int] = column(Integer, default=0, server_default="0")
    state: Column[str | None] = column(default=None)
    title: Column[str]
    alternative_text: Column[str]


class ReportContentRow(Base):
    """A finished report in one format."""

    __tablename__ = "report_contents"

    report_id: Column[UUID] = column(primary_key=True)
    format: Column[str] = column(String(10), primary_key=True)
    body: Column[bytes]
