"""Checks that the courses of events and reports exist, or have existed, in the academy."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from colonnade.errors import FieldError, NotFound, Unavailable, ValidationFailed
from colonnade.http import MAXIMUM_FIELD_ERRORS
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_analytics.api import ClientEvent
from colonnade_analytics.models import CourseRow
from colonnade_course.api import GetCourse

LOOKED_UP_AT_ONCE = 500

ASKED_AT_MOST = 10
"""Courses that the course service is asked about for one batch: those made just now, or before
there was analytics. The first that does not exist ends the batch."""


async def require_known_courses(ctx: ServiceContext, events: Sequence[ClientEvent]) -> None:
    """Check every course that the events name, in this service's table first.

    Raises:
        ValidationFailed: a course has never existed; `fields` names the events.
        Unavailable: there are more to ask about than may be asked at once.
    """
    # By the id as a number, which is found faster than the id.
    found = {
        course_id.int: course_id for event in events if (course_id := event.course_id) is not None
    }
    named = list(found.values())
    if not named:
        return
    known = await ctx.store.read(lambda session: _known(session, named))
    strange = [course_id for course_id in named if course_id not in known]
    for course_id in strange[:ASKED_AT_MOST]:
        await _require(ctx, course_id, events)
    if len(strange) > ASKED_AT_MOST:
        raise Unavailable(
            f"More than {ASKED_AT_MOST} of the courses are too new to be known here; try again."
        )


async def require_course(ctx: ServiceContext, course_id: UUID) -> None:
    """Check one course, in this service's table first.

    Raises:
        NotFound: it has never existed.
    """
    if not await ctx.store.read(lambda session: _known(session, [course_id])):
        await _ask_for(ctx, course_id)


async def _ask_for(ctx: ServiceContext, course_id: UUID) -> None:
    with ctx.as_service():
        await ctx.ask(GetCourse(course_id=course_id))


async def _require(ctx: ServiceContext, course_id: UUID, events: Sequence[ClientEvent]) -> None:
    try:
        await _ask_for(ctx, course_id)
    except NotFound:
        places = [place for place, event in enumerate(events) if event.course_id == course_id]
        raise ValidationFailed(
            fields=[
                FieldError(
                    f"/events/{place}/course_id", "names no course of the academy", "unknown"
                )
                for place in places[:MAXIMUM_FIELD_ERRORS]
            ]
        ) from None


def _known(session: Session, named: Sequence[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    for start in range(0, len(named), LOOKED_UP_AT_ONCE):
        some = named[start : start + LOOKED_UP_AT_ONCE]
        found.update(
            session.scalars(select(CourseRow.course_id).where(CourseRow.course_id.in_(some)))
        )
    return found
