"""Older courses, told of once more to services that have begun to follow courses since."""

from sqlalchemy import select

from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_course.api import CourseUpdated
from colonnade_course.models import CourseRow, CourseToTellRow, InstructorRow
from colonnade_course.publishing.events import publish_course, publish_instructor

TOLD_AT_ONCE = 100


class Retelling:
    """Publishes how things stand; whoever knows it already is told nothing new."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    async def retell(self) -> None:
        """Tell of every course that waits for it, in small transactions."""
        # Looked for first: once all are told, an hourly write would be for nothing.
        while await self._ctx.store.read(_waits):
            await self._ctx.store.run(_retell)


def _waits(session: Session) -> bool:
    return session.scalars(select(CourseToTellRow.course_id).limit(1)).first() is not None


def _retell(session: Session) -> None:
    waiting = session.scalars(
        select(CourseToTellRow).order_by(CourseToTellRow.course_id).limit(TOLD_AT_ONCE)
    ).all()
    for row in waiting:
        course = session.get(CourseRow, row.course_id)
        if course is not None:
            publish_course(session, CourseUpdated, course)
            _retell_teachers(session, course)
        session.delete(row)


def _retell_teachers(session: Session, course: CourseRow) -> None:
    query = select(InstructorRow).where(InstructorRow.course_id == course.id)
    for teacher in session.scalars(query.order_by(InstructorRow.user_id)).all():
        publish_instructor(session, teacher)
