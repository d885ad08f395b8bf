"""Captions that reports share: subtitles, titles of courses, and the note on hidden numbers."""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import select

from colonnade.store import Session
from colonnade_analytics.api import ReportSource
from colonnade_analytics.models import CourseRow
from colonnade_analytics.wording.formats import day
from colonnade_analytics.wording.texts import text


def subtitle(source: ReportSource, first: date | None, last: date) -> str:
    """The academy and the days of a report."""
    academy = source.tenant.name
    if first is None:
        return text(source.locale, "academy_since", academy=academy, last=day(last, source.locale))
    return text(
        source.locale,
        "academy_range",
        academy=academy,
        first=day(first, source.locale),
        last=day(last, source.locale),
    )


def titles_of(session: Session, course_ids: Collection[UUID], locale: str) -> Mapping[UUID, str]:
    """The titles of courses; an unknown one is named by the end of its id."""
    query = select(CourseRow).where(CourseRow.course_id.in_(course_ids))
    known = {row.course_id: row for row in session.scalars(query)}
    return {course_id: _title(known.get(course_id), course_id, locale) for course_id in course_ids}


def hidden_note(source: ReportSource, something_is_hidden: bool) -> tuple[str, ...]:
    """The sentence that says why numbers are not shown, if some are not."""
    if not something_is_hidden:
        return ()
    return (text(source.locale, "hidden_note", smallest=source.smallest_group),)


def _title(row: CourseRow | None, course_id: UUID, locale: str) -> str:
    if row is None:
        return text(locale, "unknown_course", id=str(course_id)[-6:])
    return text(locale, "deleted", title=row.title) if row.deleted else row.title
