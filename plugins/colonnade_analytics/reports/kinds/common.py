"""What the kinds of reports have in common: their days, their courses and how they are named."""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import InstrumentedAttribute

from colonnade.store import Session
from colonnade_analytics.api import ReportParameters, ReportSource
from colonnade_analytics.calendar.instants import microseconds_of
from colonnade_analytics.calendar.periods import start_of
from colonnade_analytics.models import CountRow, CourseRow
from colonnade_analytics.rollups.queries import of_every_course
from colonnade_analytics.wording.formats import day
from colonnade_analytics.wording.texts import words

BEGINNING = date(2000, 1, 1)
"""Before anything happened."""


def within(column: InstrumentedAttribute[UUID], source: ReportSource) -> ColumnElement[bool]:
    """The condition that a row belongs to a course that the report may speak of."""
    return true() if source.scope is None else column.in_(source.scope)


def counted(source: ReportSource) -> ColumnElement[bool]:
    """The condition on `CountRow` for the courses that the report may speak of."""
    if source.scope is None:
        return of_every_course()
    return CountRow.course_id.in_(source.scope)


def last_day(source: ReportSource, parameters: ReportParameters) -> date:
    """The last day of the report: as asked, else today."""
    return parameters.to_date or source.now.astimezone(source.zone).date()


def instants(source: ReportSource, parameters: ReportParameters) -> tuple[int, int]:
    """The first microsecond of the days of a report, and the first after; all days when the
    first is not given."""
    after = date.fromordinal(last_day(source, parameters).toordinal() + 1)
    first = parameters.from_date or BEGINNING
    return (
        microseconds_of(start_of(first, source.zone)),
        microseconds_of(start_of(after, source.zone)),
    )


def subtitle(source: ReportSource, first: date | None, last: date) -> str:
    """Whose numbers these are, and from when."""
    academy = source.tenant.name
    if first is None:
        return words(source.locale, "academy_since", academy=academy, last=day(last, source.locale))
    return words(
        source.locale,
        "academy_range",
        academy=academy,
        first=day(first, source.locale),
        last=day(last, source.locale),
    )


def titles_of(session: Session, course_ids: Collection[UUID], locale: str) -> Mapping[UUID, str]:
    """What courses are called; one never heard of by the beginning of its id."""
    query = select(CourseRow).where(CourseRow.course_id.in_(course_ids))
    known = {row.course_id: row for row in session.scalars(query)}
    return {course_id: _title(known.get(course_id), course_id, locale) for course_id in course_ids}


def hidden_note(source: ReportSource, something_is_hidden: bool) -> tuple[str, ...]:
    """The sentence that says why numbers are missing, if some are."""
    if not something_is_hidden:
        return ()
    return (words(source.locale, "hidden_note", smallest=source.smallest_group),)


def _title(row: CourseRow | None, course_id: UUID, locale: str) -> str:
    if row is None:
        return words(locale, "unknown_course", id=str(course_id)[-6:])
    return words(locale, "deleted", title=row.title) if row.deleted else row.title
