"""Enrolling: the row of a new enrolment, and the course that it may be in."""

from datetime import datetime
from uuid import UUID

from colonnade.lookups import absent
from colonnade.store import Session
from colonnade_course.models import CourseRow, EnrollmentRow
from colonnade_course.states import CourseState, EnrollmentState


def new_enrollment(
    enrollment_id: UUID, course_id: UUID, user_id: UUID, activated_at: datetime | None = None
) -> EnrollmentRow:
    """Create an enrolment, not yet in a session; it is pending unless `activated_at` is given."""
    return EnrollmentRow(
        id=enrollment_id,
        course_id=course_id,
        user_id=user_id,
        status=EnrollmentState.PENDING if activated_at is None else EnrollmentState.ACTIVE,
        activated_at=activated_at,
    )


def published_course(session: Session, course_id: UUID) -> CourseRow:
    """Read a course that may be enrolled in.

    Raises:
        NotFound: the course does not exist or is a draft.
    """
    course = session.get(CourseRow, course_id)
    if course is None or course.status != CourseState.PUBLISHED:
        raise absent("published course")
    return course
