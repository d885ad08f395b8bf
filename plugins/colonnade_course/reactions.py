"""What the course service does when others' events arrive."""

from uuid import UUID

from sqlalchemy import select

from colonnade.events import reacts_to
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_course.api import CourseFull, EnrollmentActivated
from colonnade_course.enrollment.seats import end, live_enrollment, seat
from colonnade_course.models import CourseRow, EnrollmentRow, InstructorRow
from colonnade_course.publishing.events import publish_enrollment, publish_instructor
from colonnade_user.api import InvitationAccepted, UserDeleted


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


class Invitations:
    """Enrols people who accepted an invitation in the courses that came with it."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @reacts_to(InvitationAccepted)
    def invitation_accepted(self, session: Session, event: InvitationAccepted) -> None:
        """Enrol them as a gift; a course that is full or cannot be enrolled in is passed over."""
        for course_id in event.courses:
            course = session.get(CourseRow, course_id)
            problem = _enrol(session, course, event.user_id, self._ctx.new_id())
            if problem:
                self._ctx.log.warning(
                    "an invitation's course was passed over",
                    course_id=str(course_id),
                    invitation_id=str(event.invitation_id),
                    problem=problem,
                )


def _enrol(
    session: Session, course: CourseRow | None, user_id: UUID, enrollment_id: UUID
) -> str | None:
    if course is None or course.status != "published":
        return "there is no such published course"
    if live_enrollment(session, course.id, user_id) is not None:
        return None
    enrollment = EnrollmentRow(
        id=enrollment_id,
        course_id=course.id,
        user_id=user_id,
        status="active",
        activated_at=session.now,
    )
    try:
        seat(session, course, enrollment)
    except CourseFull as error:
        return error.message
    publish_enrollment(session, EnrollmentActivated, enrollment)
    return None


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
