"""Checks that the lessons of events belong, or have belonged, to the courses that they name."""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from colonnade.errors import FieldError, NotFound, Unavailable, ValidationFailed
from colonnade.field_errors import MAXIMUM_FIELD_ERRORS
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_analytics.api import ClientEvent
from colonnade_analytics.models import LessonRow
from colonnade_analytics.rollups.upserts import insert_new
from colonnade_course.api import GetOutline

LOOKED_UP_AT_ONCE = 500

OUTLINES_AT_MOST = 10
"""Courses whose outline is asked for in one batch. The first that lacks a lesson ends the batch."""

_STRANGE = "names no lesson of this course"


async def require_known_lessons(ctx: ServiceContext, events: Sequence[ClientEvent]) -> None:
    """Check every lesson that the events name, in this service's table first.

    Raises:
        ValidationFailed: a lesson never was one of the course, or no course is named; `fields`
            names the events.
        Unavailable: there are more courses to ask about than may be asked at once.
    """
    named = list(dict.fromkeys(event.lesson_id for event in events if event.lesson_id is not None))
    if not named:
        return
    _refuse(events, "course_id", "is the course of the lesson", _lacks_course)
    known = await ctx.store.read(lambda session: _courses_of(session, named))
    _refuse(events, "lesson_id", _STRANGE, lambda event: _is_elsewhere(event, known))
    courses = [
        event.course_id for event in events if event.lesson_id and event.lesson_id not in known
    ]
    strange = [course_id for course_id in dict.fromkeys(courses) if course_id is not None]
    with ctx.as_service():
        for course_id in strange[:OUTLINES_AT_MOST]:
            await _check_and_keep(ctx, course_id, events)
    if len(strange) > OUTLINES_AT_MOST:
        raise Unavailable(
            f"Lessons of more than {OUTLINES_AT_MOST} courses are too new to be known; try again."
        )


async def _check_and_keep(
    ctx: ServiceContext, course_id: UUID, events: Sequence[ClientEvent]
) -> None:
    """Keep the lessons of a course, when all that the events name are or were among them."""
    lessons = await _lessons_of(ctx, course_id)
    named = {event.lesson_id for event in events if event.course_id == course_id}
    gone = [lesson for lesson in named if lesson is not None and lesson not in lessons]
    earlier = await ctx.store.read(lambda session: _courses_of(session, gone))
    there = {None, *lessons, *earlier}
    _refuse(
        events,
        "lesson_id",
        _STRANGE,
        lambda event: event.course_id == course_id and event.lesson_id not in there,
    )
    rows = [{"lesson_id": lesson, "course_id": course_id} for lesson in lessons]
    if rows:
        await ctx.store.run(lambda session: insert_new(session, LessonRow, rows))


async def _lessons_of(ctx: ServiceContext, course_id: UUID) -> set[UUID]:
    try:
        outline = await ctx.ask(GetOutline(course_id=course_id))
    except NotFound:
        # It is deleted; what is not known of it by now never will be.
        return set()
    return {lesson.id for section in outline.sections for lesson in section.lessons}


def _lacks_course(event: ClientEvent) -> bool:
    return event.lesson_id is not None and event.course_id is None


def _is_elsewhere(event: ClientEvent, known: Mapping[UUID, UUID]) -> bool:
    """True when the lesson belongs to another course."""
    return event.lesson_id is not None and known.get(event.lesson_id, event.course_id) != (
        event.course_id
    )


def _refuse(
    events: Sequence[ClientEvent],
    field: str,
    message: str,
    is_wrong: Callable[[ClientEvent], bool],
) -> None:
    wrong = [place for place, event in enumerate(events) if is_wrong(event)]
    if wrong:
        raise ValidationFailed(
            fields=[
                FieldError(f"/events/{place}/{field}", message, "unknown")
                for place in wrong[:MAXIMUM_FIELD_ERRORS]
            ]
        )


def _courses_of(session: Session, named: Sequence[UUID]) -> dict[UUID, UUID]:
    """The courses of those lessons that this service knows."""
    found: dict[UUID, UUID] = {}
    for start in range(0, len(named), LOOKED_UP_AT_ONCE):
        some = named[start : start + LOOKED_UP_AT_ONCE]
        query = select(LessonRow.lesson_id, LessonRow.course_id).where(
            LessonRow.lesson_id.in_(some)
        )
        found |= dict(session.execute(query))
    return found
