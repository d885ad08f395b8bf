"""Course completion: enrolments by course that are completed, under way, or ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select

from colonnade.store import Session
from colonnade_analytics.api import (
    BarChart,
    Cell,
    Column,
    ReportParameters,
    ReportSource,
    ReportTable,
    Series,
)
from colonnade_analytics.models import EnrollmentRow
from colonnade_analytics.privacy.suppression import shown_parts, total_may_be_shown
from colonnade_analytics.reports.captions import hidden_note, subtitle, titles_of
from colonnade_analytics.reports.scope import in_scope, instants, last_day
from colonnade_analytics.wording.formats import number, percent
from colonnade_analytics.wording.texts import text

PARTS = ("completed", "learning", "left")
CHARTED_COURSES = 20
"""Bars that a person can still read; the table has every course."""


@dataclass(frozen=True, slots=True)
class _Counts:
    """Enrolments in a course; `parts` as `PARTS` names them."""

    course_id: UUID
    title: str
    parts: tuple[int, ...]

    @property
    def enrolled(self) -> int:
        return sum(self.parts)


class CourseCompletion:
    """Enrolments of the requested days, by course and by their state now."""

    name = "course_completion"
    parameters = ReportParameters

    def title(self, locale: str) -> str:
        """Title for people."""
        return text(locale, "course_completion")

    async def step(
        self, source: ReportSource, parameters: ReportParameters, state: Mapping[str, Any] | None
    ) -> ReportTable:
        """Make the whole report: the database counts the enrolments."""
        counted = await source.read(lambda session: _count(session, source, parameters))
        rows = _protected(counted, source.smallest_group)
        total = _total(counted, rows, source)
        return ReportTable(
            title=self.title(source.locale),
            subtitle=subtitle(source, parameters.from_date, last_day(source, parameters)),
            columns=_columns(source.locale),
            rows=(*rows, *([total] if total else [])),
            summary=_summary(total, source.locale),
            chart=_chart(rows[:CHARTED_COURSES], source.locale),
            notes=hidden_note(source, _hides(rows)),
        )


def _count(
    session: Session, source: ReportSource, parameters: ReportParameters
) -> Sequence[_Counts]:
    first, after = instants(source, parameters)
    became = case(
        (EnrollmentRow.completed_us.is_not(None), 0),
        (EnrollmentRow.ended_us.is_(None), 1),
        else_=2,
    )
    query = (
        select(EnrollmentRow.course_id, became, func.count())
        .where(
            EnrollmentRow.activated_us >= first,
            EnrollmentRow.activated_us < after,
            in_scope(EnrollmentRow.course_id, source),
        )
        .group_by(EnrollmentRow.course_id, became)
    )
    found: dict[UUID, list[int]] = {}
    for course_id, part, enrolments in session.execute(query):
        found.setdefault(course_id, [0, 0, 0])[part] = enrolments
    titles = titles_of(session, found, source.locale)
    counted = [_Counts(course, titles[course], tuple(parts)) for course, parts in found.items()]
    return sorted(counted, key=lambda item: (-item.enrolled, item.title, item.course_id))


def _protected(counted: Sequence[_Counts], smallest: int) -> list[dict[str, Cell]]:
    enrolled = shown_parts([item.enrolled for item in counted], smallest)
    rows: list[dict[str, Cell]] = []
    for item, whole in zip(counted, enrolled, strict=True):
        parts: Sequence[int | None] = [None] * len(PARTS)
        if whole is not None:
            parts = shown_parts(item.parts, smallest)
        rows.append(_row(str(item.course_id), item.title, whole, parts))
    return rows


def _total(
    counted: Sequence[_Counts], rows: Sequence[Mapping[str, Any]], source: ReportSource
) -> dict[str, Cell]:
    if len(counted) < 2:
        return {}
    smallest = source.smallest_group
    sums: list[int | None] = []
    for place, name in enumerate(PARTS):
        column = [item.parts[place] for item in counted]
        safe = total_may_be_shown(column, [row[name] for row in rows], smallest)
        sums.append(sum(column) if safe else None)
    enrolled = [item.enrolled for item in counted]
    safe = total_may_be_shown(enrolled, [row["enrolled"] for row in rows], smallest)
    whole = sum(enrolled) if safe else None
    if None in sums or whole is None:
        # One that is missing follows from the others and their sum.
        sums = [None] * len(PARTS)
    else:
        sums = list(shown_parts([value or 0 for value in sums], smallest))
    return _row("", text(source.locale, "total"), whole, sums)


def _row(
    course_id: str, title: str, enrolled: int | None, parts: Sequence[int | None]
) -> dict[str, Cell]:
    completed = parts[0]
    rate = None
    if enrolled and completed is not None:
        rate = round(completed * 100 / enrolled, 1)
    return {
        "course_id": course_id,
        "course": title,
        "enrolled": enrolled,
        **dict(zip(PARTS, parts, strict=True)),
        "completion_rate": rate,
    }


def _columns(locale: str) -> tuple[Column, ...]:
    counts = ("enrolled", *PARTS)
    return (
        Column("course_id", "ID"),
        Column("course", text(locale, "course")),
        *(Column(name, text(locale, name), "count") for name in counts),
        Column("completion_rate", text(locale, "completion_rate"), "percent"),
    )


def _summary(total: Mapping[str, Any], locale: str) -> tuple[str, ...]:
    if not total or total["completion_rate"] is None:
        return ()
    return (
        text(
            locale,
            "most_completed",
            completed=number(total["completed"], locale),
            enrolled=number(total["enrolled"], locale),
            share=percent(total["completion_rate"], locale),
        ),
    )


def _hides(rows: Sequence[Mapping[str, Any]]) -> bool:
    return any(row[name] is None for row in rows for name in ("enrolled", *PARTS))


def _chart(rows: Sequence[Mapping[str, Any]], locale: str) -> BarChart:
    series = [Series(text(locale, name), tuple(row[name] for row in rows)) for name in PARTS]
    rest = tuple(_not_shown(row) for row in rows)
    if any(rest):
        series.append(Series(text(locale, "hidden"), rest, hidden=True))
    return BarChart(
        categories=tuple(str(row["course"]) for row in rows),
        series=tuple(series),
        category_label=text(locale, "course"),
        value_label=text(locale, "number_of_enrolments"),
        notes=tuple(_note(row, locale) for row in rows),
    )


def _not_shown(row: Mapping[str, Any]) -> int:
    """Number of the enrolments shown that are in parts not shown."""
    return (row["enrolled"] or 0) - sum(row[name] or 0 for name in PARTS)


def _note(row: Mapping[str, Any], locale: str) -> str:
    if row["completion_rate"] is None:
        return "" if row["enrolled"] else text(locale, "hidden")
    return percent(row["completion_rate"], locale)
