"""Seats: how many may be enrolled at a time. The last one goes to exactly one.

The count lives beside the course, not in it, and is changed in the transaction that makes or
ends an enrolment.
"""

from uuid import UUID

from sqlalchemy import select

from colonnade.lookups import flush
from colonnade.store import Session
from colonnade_course.api import AlreadyEnrolled, CourseFull, EnrollmentEnded
from colonnade_course.models import CourseRow, EnrollmentRow
from colonnade_course.publishing.events import counter_of, publish_enrollment


def live_enrollment(session: Session, course_id: UUID, user_id: UUID) -> EnrollmentRow | None:
    """The enrolment of somebody in a course that has not ended."""
    return session.scalar(
        select(EnrollmentRow).where(
            EnrollmentRow.course_id == course_id,
            EnrollmentRow.user_id == user_id,
            EnrollmentRow.status != "ended",
        )
    )


def check_not_enrolled(session: Session, course_id: UUID, user_id: UUID) -> None:
    """Refuse a second enrolment beside one that has not ended.

    Raises:
        AlreadyEnrolled: naming the first one.
    """
    enrollment = live_enrollment(session, course_id, user_id)
    if enrollment is not None:
        raise AlreadyEnrolled(
            "There is an enrolment in this course that has not ended.",
            details={"enrollment_id": str(enrollment.id), "status": enrollment.status},
        )


def seat(session: Session, course: CourseRow, enrollment: EnrollmentRow) -> None:
    """Write a new enrolment and take a seat for it.

    Raises:
        CourseFull: every seat is taken.
        AlreadyEnrolled: somebody wrote another one at the same moment.
    """
    counter = counter_of(session, course)
    if course.seats is not None and counter.seats_taken >= course.seats:
        raise CourseFull(f"All {course.seats} seats are taken.", details={"seats": course.seats})
    counter.seats_taken += 1
    session.add(enrollment)
    flush(session, AlreadyEnrolled("There is an enrolment in this course that has not ended."))


def end(session: Session, enrollment: EnrollmentRow, because: str) -> None:
    """End an enrolment and free its seat; one that has ended stays as it is.

    `because` is `left`, `released` or `user_deleted`. A reservation that was never activated
    ends without an event: nobody was ever enrolled.
    """
    if enrollment.status == "ended":
        return
    course = session.get_one(CourseRow, enrollment.course_id)
    counter_of(session, course).seats_taken -= 1
    enrollment.status = "ended"
    enrollment.ended_because = because
    enrollment.ended_at = session.now
    if enrollment.activated_at is not None:
        publish_enrollment(session, EnrollmentEnded, enrollment)
