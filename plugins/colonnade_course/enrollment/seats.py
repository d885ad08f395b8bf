"""Seats: the limit of enrolments at a time; the last seat goes to exactly one.

The count is in a row beside the course, so that enrolling leaves a cached course valid. It changes
in the transaction that makes or ends an enrolment, under a lock on that row.
"""

from uuid import UUID

from sqlalchemy import bindparam, select

from colonnade.lookups import flush
from colonnade.rows import prepare
from colonnade.store import Session
from colonnade_course.api import AlreadyEnrolled, CourseFull, EnrollmentEnded
from colonnade_course.models import CourseRow, EnrollmentRow
from colonnade_course.publishing.events import counter_of, publish_enrollment_event
from colonnade_course.states import EndReason, EnrollmentState

_LIVE = prepare(
    select(EnrollmentRow).where(
        EnrollmentRow.course_id == bindparam("course_id"),
        EnrollmentRow.user_id == bindparam("user_id"),
        EnrollmentRow.status != EnrollmentState.ENDED,
    )
)


def live_enrollment(session: Session, course_id: UUID, user_id: UUID) -> EnrollmentRow | None:
    """Find the enrolment of a user in a course that has not ended."""
    return session.scalar(_LIVE, {"course_id": course_id, "user_id": user_id})


def check_not_enrolled(session: Session, course_id: UUID, user_id: UUID) -> None:
    """Refuse a second enrolment beside one that has not ended.

    Raises:
        AlreadyEnrolled: naming the enrolment that has not ended.
    """
    enrollment = live_enrollment(session, course_id, user_id)
    if enrollment is not None:
        raise AlreadyEnrolled(
            "There is an enrolment in this course that has not ended.",
            details={"enrollment_id": str(enrollment.id), "status": enrollment.status},
        )


def take_seat(session: Session, course: CourseRow, enrollment: EnrollmentRow) -> None:
    """Write a new enrolment and take a seat for it.

    Raises:
        CourseFull: every seat is taken.
        AlreadyEnrolled: another one was written at the same moment.
    """
    # Locked before it is compared: of two learners who want the last seat, one waits here.
    counter = counter_of(session, course)
    if course.seats is not None and counter.seats_taken >= course.seats:
        raise CourseFull(f"All {course.seats} seats are taken.", details={"seats": course.seats})
    counter.seats_taken += 1
    session.add(enrollment)
    flush(session, AlreadyEnrolled("There is an enrolment in this course that has not ended."))


def end_enrollment(session: Session, enrollment: EnrollmentRow, reason: EndReason) -> None:
    """End an enrolment and free its seat; one that has ended stays as it is.

    A reservation that was never activated ends without an event: no learner was enrolled.
    """
    if enrollment.status == EnrollmentState.ENDED:
        return
    course = session.get_one(CourseRow, enrollment.course_id)
    counter_of(session, course).seats_taken -= 1
    enrollment.status = EnrollmentState.ENDED
    enrollment.ended_because = reason
    enrollment.ended_at = session.now
    if enrollment.activated_at is not None:
        publish_enrollment_event(session, EnrollmentEnded, enrollment)
