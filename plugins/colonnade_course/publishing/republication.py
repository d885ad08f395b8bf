"""Republication of older courses, for services that subscribed after their last event.

A migration lists the courses in `courses_to_tell`. Each is published once more as it stands, with
a new sequence: subscribers that know it already see no change.
"""

from sqlalchemy import select

from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_course.api import CourseUpdated
from colonnade_course.models import CourseRow, CourseToTellRow, InstructorRow
from colonnade_course.publishing.events import publish_course_event, publish_instructor_event

BATCH_SIZE = 100


class CourseRepublication:
    """Scheduled republication of the listed courses."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    async def republish(self) -> None:
        """Publish every listed course, in small transactions."""
        # Read first: once the list is empty, an hourly write transaction would be for nothing.
        while await self._ctx.store.read(_any_listed):
            await self._ctx.store.run(_republish_batch)


def _any_listed(session: Session) -> bool:
    return session.scalars(select(CourseToTellRow.course_id).limit(1)).first() is not None


def _republish_batch(session: Session) -> None:
    waiting = session.scalars(
        select(CourseToTellRow).order_by(CourseToTellRow.course_id).limit(BATCH_SIZE)
    ).all()
    for row in waiting:
        course = session.get(CourseRow, row.course_id)
        if course is not None:
            publish_course_event(session, CourseUpdated, course)
            _republish_instructors(session, course)
        session.delete(row)


def _republish_instructors(session: Session, course: CourseRow) -> None:
    query = select(InstructorRow).where(InstructorRow.course_id == course.id)
    for instructor in session.scalars(query.order_by(InstructorRow.user_id)).all():
        publish_instructor_event(session, instructor)
