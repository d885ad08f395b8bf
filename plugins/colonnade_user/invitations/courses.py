"""Courses that an invitation names: there are such, and they are the inviter's to give."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from colonnade.context import Principal, PrincipalKind
from colonnade.errors import FieldError, ValidationFailed
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_user.api import Role
from colonnade_user.models import CourseTeacherRow, KnownCourseRow

HEARSAY = 2.0
"""Seconds that are waited for the event of a course that was made or assigned just now."""

_PAUSE = 0.05


def check_courses(session: Session, courses: Sequence[UUID], giver: Principal) -> None:
    """Refuse an invitation to courses that are not the inviter's to give.

    Raises:
        ValidationFailed: with a pointer to each of them. One that is not there and one that
            somebody else teaches are told alike.
    """
    given = _to_give(session, courses, giver)
    problems = [
        FieldError(f"/courses/{index}", "names no course of yours to give", "unknown")
        for index, course in enumerate(courses)
        if course not in given
    ]
    if problems:
        raise ValidationFailed("An invitation names a course that is not there.", fields=problems)


async def hear_of(ctx: ServiceContext, courses: Sequence[UUID], giver: Principal) -> None:
    """Wait until events have told of courses, `HEARSAY` seconds at most: whoever makes a course
    and invites to it in one breath is not refused."""
    began = ctx.clock.monotonic()
    while ctx.clock.monotonic() - began < HEARSAY:
        given = await ctx.store.read(lambda session: _to_give(session, courses, giver))
        if given.issuperset(courses):
            return
        await asyncio.sleep(_PAUSE)


def _to_give(session: Session, courses: Sequence[UUID], giver: Principal) -> set[UUID]:
    query = select(KnownCourseRow.course_id).where(
        KnownCourseRow.course_id.in_(courses), KnownCourseRow.deleted.is_(False)
    )
    if not _administrates(giver):
        teaches = select(CourseTeacherRow.course_id).where(
            CourseTeacherRow.user_id == UUID(giver.id), CourseTeacherRow.active.is_(True)
        )
        query = query.where(KnownCourseRow.course_id.in_(teaches))
    return set(session.scalars(query))


def _administrates(giver: Principal) -> bool:
    """Those who may enrol anybody anywhere; others give what they teach."""
    if giver.kind is not PrincipalKind.USER:
        return True
    return bool({Role.OWNER, Role.ADMIN}.intersection(giver.roles))
