"""Courses that an invitation names: they exist, and the inviter may enrol people in them."""

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

COURSE_EVENT_WAIT = 2.0
"""Seconds to wait for the event of a course that was created or assigned just now."""

_POLLING_INTERVAL = 0.05


def check_courses(session: Session, courses: Sequence[UUID], inviter: Principal) -> None:
    """Refuse an invitation to courses that the inviter may not enrol people in.

    Raises:
        ValidationFailed: with a pointer to each of them. One that does not exist and one that
            another instructor teaches get the same message.
    """
    grantable = _grantable_courses(session, courses, inviter)
    problems = [
        FieldError(f"/courses/{index}", "names no course of yours to give", "unknown")
        for index, course in enumerate(courses)
        if course not in grantable
    ]
    if problems:
        raise ValidationFailed("An invitation names a course that is not there.", fields=problems)


async def await_courses(ctx: ServiceContext, courses: Sequence[UUID], inviter: Principal) -> None:
    """Wait for the events of courses, at most `COURSE_EVENT_WAIT` seconds.

    An instructor who creates a course and invites to it at once is thus not refused.
    """
    began = ctx.clock.monotonic()
    while ctx.clock.monotonic() - began < COURSE_EVENT_WAIT:
        grantable = await ctx.store.read(
            lambda session: _grantable_courses(session, courses, inviter)
        )
        if grantable.issuperset(courses):
            return
        await asyncio.sleep(_POLLING_INTERVAL)


def _grantable_courses(session: Session, courses: Sequence[UUID], inviter: Principal) -> set[UUID]:
    query = select(KnownCourseRow.course_id).where(
        KnownCourseRow.course_id.in_(courses), KnownCourseRow.deleted.is_(False)
    )
    if not _is_administrator(inviter):
        teaches = select(CourseTeacherRow.course_id).where(
            CourseTeacherRow.user_id == UUID(inviter.id), CourseTeacherRow.active.is_(True)
        )
        query = query.where(KnownCourseRow.course_id.in_(teaches))
    return set(session.scalars(query))


def _is_administrator(inviter: Principal) -> bool:
    """True for principals that may enrol anybody; instructors only in what they teach."""
    if inviter.kind is not PrincipalKind.USER:
        return True
    return bool({Role.OWNER, Role.ADMIN}.intersection(inviter.roles))
