"""Operations on enrolments: by people, and by services that sell seats."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from colonnade.messages import Message, Request
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page
from colonnade.personal import Personal
from colonnade_course.api.errors import (
    AlreadyEnrolled,
    CourseFull,
    CoursePaymentRequired,
    EnrollmentNotActive,
    ReservationActive,
    ReservationGone,
    ReservationKeyReused,
    ReservationReleased,
)
from colonnade_course.api.types import CourseStatus, EnrollmentStatus, Level, ReservationKey


class Enrollment(Message):
    """Enrolment of a user in a course.

    `progress` is the share of required lessons completed, 0–100, rounded down.
    """

    id: UUID
    course_id: UUID
    user_id: UUID
    status: EnrollmentStatus
    progress: int
    created_at: datetime
    activated_at: datetime | None
    completed_at: datetime | None
    ended_at: datetime | None
    version: int


class EnrollmentDetail(Enrollment):
    """Enrolment with the lessons started and completed in it.

    `resume_lesson_id` is where to go on: the lesson touched last, or else the next required one
    behind it that is not completed, or else the first such one; null when nothing is left.
    """

    resume_lesson_id: UUID | None
    started_lesson_ids: list[UUID]
    completed_lesson_ids: list[UUID]


class EnrolledCourse(Message):
    """Course of an enrolment, as far as a list of enrolments shows it."""

    id: UUID
    title: str
    slug: str
    status: CourseStatus
    language: str
    level: Level | None
    cover_media_id: UUID | None


class EnrolledUser(Message):
    """User of an enrolment, as far as a list of enrolments shows it; `email` is null for callers
    who may not see it."""

    id: UUID
    name: Annotated[str, Personal()]
    email: Annotated[str | None, Personal()]


class ListedEnrollment(Enrollment):
    """Enrolment in a list. `course` and `user` are there when the request includes them and the
    caller may read them, else null."""

    course: EnrolledCourse | None = None
    user: EnrolledUser | None = None


@operation(
    "course",
    action="enrollment.create",
    errors=[AlreadyEnrolled, CourseFull, CoursePaymentRequired],
    per_day=100,
)
class CreateEnrollment(Request[EnrollmentDetail]):
    """Enrol in a free, published course."""

    course_id: UUID


@operation("course", action="enrollment.read", idempotent=True)
class ListEnrollments(ListRequest[Page[ListedEnrollment]]):
    """List enrolments the caller may see: one's own, and those of courses one teaches."""

    include: Literal["course", "user", "course,user", "user,course"] | None = Field(
        None, description="What comes along with each enrolment."
    )
    course_id: UUID | None = None
    user_id: UUID | None = None
    status: EnrollmentStatus | None = None
    sort: Literal["-created_at", "created_at"] = "-created_at"


@operation("course", action="enrollment.read", idempotent=True)
class GetEnrollment(Request[EnrollmentDetail]):
    """Read an enrolment with its progress and where to resume."""

    enrollment_id: UUID


@operation("course", action="enrollment.end", idempotent=True, per_day=5000)
class EndEnrollment(Request[EnrollmentDetail]):
    """Leave a course; the seat becomes free. Ended enrolments stay as they are."""

    enrollment_id: UUID


@operation("course", action="enrollment.progress", idempotent=True, errors=[EnrollmentNotActive])
class RecordLessonProgress(Request[EnrollmentDetail]):
    """Record that a lesson was started or completed; a completed one stays completed."""

    enrollment_id: UUID
    lesson_id: UUID
    status: Literal["started", "completed"]


class Reservation(Message):
    """A seat and the enrolment that holds it; `enrollment_id` is null when none was ever held.

    `activated_at` is null when the enrolment never became active, also one that has ended.
    """

    key: str
    enrollment_id: UUID | None
    status: EnrollmentStatus
    activated_at: datetime | None = None


@operation(
    "course",
    action="enrollment.reserve",
    idempotent=True,
    errors=[AlreadyEnrolled, CourseFull, ReservationReleased, ReservationKeyReused],
)
class ReserveSeat(Request[Reservation]):
    """Hold a seat in a published course with a pending enrolment, once per key.

    A key that was released before, even before this call arrived, is refused.
    """

    key: ReservationKey
    course_id: UUID
    user_id: UUID


@operation(
    "course",
    action="enrollment.activate",
    idempotent=True,
    errors=[AlreadyEnrolled, ReservationGone],
)
class ActivateEnrollment(Request[Reservation]):
    """Turn a reservation into an active enrolment; never fails for lack of seats.

    One that was released meanwhile comes back, beyond the limit if need be: it is paid. One
    that was active before and has ended stays ended, as does that of a deleted user.
    `ReservationGone` and `AlreadyEnrolled` are final: whoever was paid gives the money back.
    """

    key: ReservationKey


@operation("course", action="enrollment.release", idempotent=True, errors=[ReservationActive])
class ReleaseSeat(Request[Reservation]):
    """Give a reserved seat back. A key that nobody reserved yet can no longer be reserved."""

    key: ReservationKey
