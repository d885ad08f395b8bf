"""Reactions of the course service to deleted users and accepted invitations."""

from uuid import UUID

from sqlalchemy import select

from colonnade.events import reactions_named, reacts_to
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_course.api import CourseFull, EnrollmentActivated
from colonnade_course.enrollment.enrolling import new_enrollment
from colonnade_course.enrollment.seats import end_enrollment, live_enrollment, take_seat
from colonnade_course.models import CourseRow, EnrollmentRow, InstructorRow
from colonnade_course.publishing.events import publish_enrollment_event, publish_instructor_event
from colonnade_course.states import CourseState, EndReason, EnrollmentState
from colonnade_user.api import InvitationAccepted, UserDeleted


@reactions_named("Departures")
class UserReactions:
    """Reactions to events of users: deleted ones leave their courses."""

    @reacts_to(UserDeleted)
    def user_deleted(self, session: Session, event: UserDeleted) -> None:
        """End the enrolments and teaching of a deleted user; their seats become free."""
        for enrollment in _live_enrollments(session, event.user_id):
            end_enrollment(session, enrollment, EndReason.USER_DELETED)
        for instructor in _teaching(session, event.user_id):
            instructor.active = False
            publish_instructor_event(session, instructor)


@reactions_named("Invitations")
class InvitationReactions:
    """Reactions to events of invitations: new users are enrolled in the courses named there."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @reacts_to(InvitationAccepted)
    def invitation_accepted(self, session: Session, event: InvitationAccepted) -> None:
        """Enrol the user free of charge; skip courses that are full or not published."""
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
    if course is None or course.status != CourseState.PUBLISHED:
        return "there is no such published course"
    if live_enrollment(session, course.id, user_id) is not None:
        return None
    enrollment = new_enrollment(enrollment_id, course.id, user_id, session.now)
    try:
        take_seat(session, course, enrollment)
    except CourseFull as error:
        return error.message
    publish_enrollment_event(session, EnrollmentActivated, enrollment)
    return None


def _live_enrollments(session: Session, user_id: UUID) -> list[EnrollmentRow]:
    query = select(EnrollmentRow).where(
        EnrollmentRow.user_id == user_id, EnrollmentRow.status != EnrollmentState.ENDED
    )
    return list(session.scalars(query))


def _teaching(session: Session, user_id: UUID) -> list[InstructorRow]:
    query = select(InstructorRow).where(
        InstructorRow.user_id == user_id, InstructorRow.active.is_(True)
    )
    return list(session.scalars(query))
