"""What the course service does when others' events arrive."""

from uuid import UUID

from sqlalchemy import select

from colonnade.events import reacts_to
from colonnade.store import Session
from colonnade_course.facts import publish_instructor
from colonnade_course.models import EnrollmentRow, InstructorRow
from colonnade_course.seats import end
from colonnade_user.api import UserDeleted


class Departures:
    """Lets go of people whose account is gone."""

    @reacts_to(UserDeleted)
    def user_deleted(self, session: Session, event: UserDeleted) -> None:
        """End what they learnt and taught; their seats become free."""
        for enrollment in _live_enrollments(session, event.user_id):
            end(session, enrollment, "user_deleted")
        for instructor in _teaching(session, event.user_id):
            instructor.active = False
            publish_instructor(session, instructor)


def _live_enrollments(session: Session, user_id: UUID) -> list[EnrollmentRow]:
    query = select(EnrollmentRow).where(
        EnrollmentRow.user_id == user_id, EnrollmentRow.status != "ended"
    )
    return list(session.scalars(query))


def _teaching(session: Session, user_id: UUID) -> list[InstructorRow]:
    query = select(InstructorRow).where(
        InstructorRow.user_id == user_id, InstructorRow.active.is_(True)
    )
    return list(session.scalars(query))
