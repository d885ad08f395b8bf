"""Scope of a report: its days, and the courses that it may speak of."""

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, true

from colonnade_analytics.api import ReportParameters, ReportSource
from colonnade_analytics.calendar.instants import microseconds_of
from colonnade_analytics.calendar.periods import start_of
from colonnade_analytics.models import CountRow
from colonnade_analytics.rollups.queries import of_every_course

BEGINNING = date(2000, 1, 1)
"""A day before anything was counted."""


def in_scope(column: ColumnElement[UUID], source: ReportSource) -> ColumnElement[bool]:
    """The condition that a row belongs to a course in the report's scope."""
    return true() if source.scope is None else column.in_(source.scope)


def counts_in_scope(source: ReportSource) -> ColumnElement[bool]:
    """The condition on `CountRow` for the courses in the report's scope."""
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
