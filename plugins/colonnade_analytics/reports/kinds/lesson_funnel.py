"""Lesson funnel: learners enrolled, then with each lesson completed, and the largest drop."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import Select, func, select

from colonnade.errors import NotFound
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
from colonnade_analytics.models import EnrollmentRow, EventRow, LessonCountRow
from colonnade_analytics.privacy.suppression import shown, shown_part
from colonnade_analytics.reports.captions import hidden_note, subtitle, titles_of
from colonnade_analytics.reports.scope import instants, last_day
from colonnade_analytics.wording.formats import number, percent
from colonnade_analytics.wording.texts import text
from colonnade_course.api import GetOutline, Outline, OutlineLesson

CHARTED_LESSONS = 40
"""Bars that a person can still read; the table has every lesson."""


class FunnelParameters(ReportParameters):
    """Parameters: the course. With days, it counts those who enrolled then, up to now."""

    course_id: UUID = Field(description="The course.")


@dataclass(frozen=True, slots=True)
class _Counts:
    title: str
    enrolled: int
    completions: Mapping[UUID | None, int]


class LessonFunnel:
    """Learners who have completed each lesson, in the order of the course."""

    name = "lesson_funnel"
    parameters = FunnelParameters

    def title(self, locale: str) -> str:
        """Title for people."""
        return text(locale, "lesson_funnel_kind")

    async def step(
        self, source: ReportSource, parameters: FunnelParameters, state: Mapping[str, Any] | None
    ) -> ReportTable:
        """Make the whole report; the course service is asked for the order of lessons."""
        if source.scope is not None and parameters.course_id not in source.scope:
            raise NotFound("There is no such course, or none that you teach.")
        outline = await source.ask(GetOutline(course_id=parameters.course_id))
        counts = await source.read(lambda session: _count(session, source, parameters))
        rows = _rows(outline, counts, source)
        worst = _largest_drop(rows)
        hides = any(row["learners"] is None for row in rows)
        return ReportTable(
            title=text(source.locale, "lesson_funnel", course=counts.title),
            subtitle=subtitle(source, parameters.from_date, last_day(source, parameters)),
            columns=_columns(source.locale),
            rows=tuple(rows),
            summary=_summary(rows, worst, source.locale),
            chart=_chart(rows, worst, source.locale),
            notes=hidden_note(source, hides),
        )


def _count(session: Session, source: ReportSource, parameters: FunnelParameters) -> _Counts:
    course = parameters.course_id
    title = titles_of(session, [course], source.locale)[course]
    first, after = instants(source, parameters)
    cohort = select(EnrollmentRow.enrollment_id).where(
        EnrollmentRow.course_id == course,
        EnrollmentRow.activated_us >= first,
        EnrollmentRow.activated_us < after,
    )
    enrolled = session.scalars(select(func.count()).select_from(cohort.subquery())).one()
    query: Select[Any, int]
    if parameters.from_date is None and parameters.to_date is None:
        query = select(LessonCountRow.lesson_id, LessonCountRow.completions).where(
            LessonCountRow.course_id == course
        )
    else:
        query = (
            select(EventRow.lesson_id, func.count())
            .where(EventRow.name == "LessonCompleted", EventRow.enrollment_id.in_(cohort))
            .group_by(EventRow.lesson_id)
        )
    completions = {lesson: int(times) for lesson, times in session.execute(query)}
    return _Counts(title, enrolled, completions)


def _rows(outline: Outline, counts: _Counts, source: ReportSource) -> list[dict[str, Cell]]:
    smallest = source.smallest_group
    enrolled = counts.enrolled
    label = text(source.locale, "enrolled")
    rows = [_row(0, "", label, shown(enrolled, smallest), enrolled, None)]
    before: int | None = shown(enrolled, smallest)
    for place, (lesson, counts_for_progress) in enumerate(_lessons(outline), 1):
        done = shown_part(counts.completions.get(lesson.id, 0), enrolled, smallest)
        # Who passes over what is optional has not dropped out.
        against = before if counts_for_progress else None
        rows.append(_row(place, str(lesson.id), lesson.title, done, enrolled, against))
        before = done if counts_for_progress else before
    return rows


def _lessons(outline: Outline) -> Iterator[tuple[OutlineLesson, bool]]:
    """The lessons in order, and whether each counts for progress."""
    for section in outline.sections:
        for lesson in section.lessons:
            yield lesson, section.required and lesson.required


def _row(
    place: int, lesson_id: str, title: str, learners: int | None, whole: int, before: int | None
) -> dict[str, Cell]:
    share = None if learners is None or not whole else round(learners * 100 / whole, 1)
    drop = None if learners is None or before is None else before - learners
    return {
        "step": place,
        "lesson_id": lesson_id,
        "lesson": title,
        "learners": learners,
        "share": share,
        "drop": drop,
    }


def _columns(locale: str) -> tuple[Column, ...]:
    return (
        Column("step", "#", "count"),
        Column("lesson_id", "ID"),
        Column("lesson", text(locale, "lesson")),
        Column("learners", text(locale, "learners"), "count"),
        Column("share", text(locale, "share"), "percent"),
        Column("drop", text(locale, "drop"), "count"),
    )


def _largest_drop(rows: Sequence[Mapping[str, Any]]) -> int | None:
    drops = [(row["drop"], -place) for place, row in enumerate(rows) if row["drop"]]
    drop, place = max(drops, default=(0, 0))
    return -place if drop > 0 else None


def _summary(rows: Sequence[Mapping[str, Any]], worst: int | None, locale: str) -> tuple[str, ...]:
    if worst is None:
        return ()
    row = rows[worst]
    before = row["learners"] + row["drop"]
    return (
        text(
            locale,
            "largest_drop",
            lesson=row["lesson"],
            number=number(row["drop"], locale),
            share=percent(100 * row["drop"] / before, locale),
        ),
    )


def _chart(rows: Sequence[Mapping[str, Any]], worst: int | None, locale: str) -> BarChart:
    charted = rows[:CHARTED_LESSONS]
    return BarChart(
        categories=tuple(str(row["lesson"]) for row in charted),
        series=(Series(text(locale, "learners"), tuple(row["learners"] for row in charted)),),
        category_label=text(locale, "lesson"),
        value_label=text(locale, "learners"),
        notes=tuple(_note(row, locale) for row in charted),
        emphasis=worst if worst is not None and worst < len(charted) else None,
    )


def _note(row: Mapping[str, Any], locale: str) -> str:
    if row["learners"] is None:
        return text(locale, "hidden")
    share = "" if row["share"] is None else f" ({percent(row['share'], locale)})"
    return f"{number(row['learners'], locale)}{share}"
