"""The contract of the course service: its operations, events and errors.

A course has sections, a section has lessons, in order. Learners enrol in published courses and
work through their lessons. What a lesson shows lives in the content service; here is only its
`content_id`.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from colonnade.errors import Conflict, PaymentRequired
from colonnade.events import Event, event
from colonnade.messages import Empty, Message, Request
from colonnade.money import Money
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page

Line = Annotated[
    str,
    StringConstraints(
        min_length=1,
        max_length=200,
        pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$",
    ),
]
"""One line of text that is not blank."""

Text = Annotated[str, StringConstraints(max_length=5000, pattern=r"^[^\x00]*$")]
"""Some paragraphs of plain text."""

Slug = Annotated[
    str,
    StringConstraints(min_length=1, max_length=80, pattern=r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$"),
]
"""A name for URLs: lower-case letters, digits and inner hyphens."""

ExternalId = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
"""What the thing is called where it was imported from."""

Language = Annotated[
    str, StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$")
]
"""A BCP 47 tag such as `en` or `pt-BR`."""

ReservationKey = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._:-]+$")
]
"""Names one reservation; chosen by the caller, such as the id of an order."""

Seats = Annotated[int, Field(ge=1, le=1_000_000)]
Position = Annotated[int, Field(ge=0, le=1_000_000)]
Minutes = Annotated[int, Field(ge=0, le=100_000)]

CourseStatus = Literal["draft", "published"]
Completion = Literal["view", "manual"]
EnrollmentStatus = Literal["pending", "active", "completed", "ended"]

MAXIMUM_SECTIONS = 200
"""Sections a course may have."""

MAXIMUM_LESSONS = 1000
"""Lessons a course may have."""

MAXIMUM_INSTRUCTORS = 50
"""People who may teach one course."""


# --- errors ---------------------------------------------------------------------------------


class SlugTaken(Conflict):
    """Another course of the academy has this slug; `details.course_id` says which."""

    code = "course.slug_taken"
    title = "The slug is taken"


class DuplicateExternalId(Conflict):
    """Something of the same kind has this external id; `details.id` says which."""

    code = "course.duplicate_external_id"
    title = "The external id is taken"


class CourseInUse(Conflict):
    """The course has enrolments that have not ended."""

    code = "course.in_use"
    title = "The course has learners"


class SectionInUse(Conflict):
    """The section has lessons."""

    code = "course.section_in_use"
    title = "The section has lessons"


class TooLarge(Conflict):
    """The course has as many sections, lessons or instructors as it may have."""

    code = "course.too_large"
    title = "The course is as large as it may be"


class CourseFull(Conflict):
    """Every seat of the course is taken."""

    code = "course.full"
    title = "The course is full"


class AlreadyEnrolled(Conflict):
    """The learner has an enrolment that has not ended; `details.enrollment_id` says which."""

    code = "course.already_enrolled"
    title = "Already enrolled"


class EnrollmentNotActive(Conflict):
    """The enrolment is pending or has ended; `details.status` says which."""

    code = "course.enrollment_not_active"
    title = "The enrolment is not active"


class CoursePaymentRequired(PaymentRequired):
    """The course has a price; `details.price` says which."""

    code = "course.payment_required"
    title = "The course has a price"


class ReservationReleased(Conflict):
    """The reservation of this key was released; a new one needs a new key."""

    code = "course.reservation_released"
    title = "The reservation was released"


class ReservationKeyReused(Conflict):
    """The key names a reservation for another course or another learner."""

    code = "course.reservation_key_reused"
    title = "The reservation key is in use"


class ReservationActive(Conflict):
    """The enrolment was activated, so there is no reservation left to release."""

    code = "course.reservation_active"
    title = "The enrolment is active"


# --- events ---------------------------------------------------------------------------------
#
# Events of different types may overtake each other, so each carries the whole state it speaks
# of and a `sequence`: a projection keeps the sequence it saw last and ignores what is not newer.
# For courses and lessons the sequence counts per course, for enrolments per enrolment, for
# instructors per course and person.


class CourseFact(Event):
    """The state of a course after a change. `sequence` grows with every event of the course."""

    course_id: UUID
    slug: str
    title: str
    status: CourseStatus
    price: Money | None = None
    sequence: int


@event("course", key="course_id")
class CourseCreated(CourseFact):
    """A course was made, as a draft."""


@event("course", key="course_id")
class CourseUpdated(CourseFact):
    """Something a course says of itself has changed."""


@event("course", key="course_id")
class CoursePublished(CourseFact):
    """A course became visible to everybody in the academy."""


@event("course", key="course_id")
class CourseUnpublished(CourseFact):
    """A course became a draft again."""


@event("course", key="course_id")
class CourseDeleted(CourseFact):
    """A course is gone, with everything in it; its last event."""


@event("course", key="course_id")
class LessonContentChanged(Event):
    """What a lesson shows, and whether everybody may see it: the whole state, per lesson.

    Published when a lesson gains, changes or loses its content (`content_id` null: it shows
    none, or is gone), when its `preview` changes, and for each lesson with content when the
    course is published, unpublished or deleted. `sequence` is that of the course, shared with
    the events of the course itself: of two events of one lesson the higher is the truth.
    """

    lesson_id: UUID
    course_id: UUID
    content_id: UUID | None
    preview: bool
    published: bool
    sequence: int


@event("course", key="course_id")
class LessonRemoved(Event):
    """A lesson is gone."""

    lesson_id: UUID
    course_id: UUID
    sequence: int


class InstructorFact(Event):
    """Whether somebody teaches a course. `sequence` counts per course and person."""

    course_id: UUID
    user_id: UUID
    sequence: int


@event("course", key="course_id")
class InstructorAdded(InstructorFact):
    """Somebody teaches a course from now on."""


@event("course", key="course_id")
class InstructorRemoved(InstructorFact):
    """Somebody no longer teaches a course."""


class EnrollmentFact(Event):
    """The state of an enrolment after a change. `sequence` counts per enrolment.

    Somebody is enrolled in a course while one of their enrolments there has the status
    `active` or `completed`. Enrolling again after the end makes a new enrolment.
    """

    enrollment_id: UUID
    course_id: UUID
    user_id: UUID
    status: EnrollmentStatus
    sequence: int


@event("course", key="enrollment_id")
class EnrollmentActivated(EnrollmentFact):
    """Somebody may work through a course."""


@event("course", key="enrollment_id")
class EnrollmentCompleted(EnrollmentFact):
    """Somebody has completed every required lesson of a course; once per enrolment."""


@event("course", key="enrollment_id")
class EnrollmentEnded(EnrollmentFact):
    """Somebody is no longer in a course; not published for one who never was."""


@event("course", key="enrollment_id")
class LessonCompleted(Event):
    """Somebody has completed a lesson; once per enrolment and lesson."""

    enrollment_id: UUID
    lesson_id: UUID
    course_id: UUID
    user_id: UUID
    progress: int


# --- courses --------------------------------------------------------------------------------


class Course(Message):
    """A course as it presents itself. Without a price, or with one of 0, it is free."""

    id: UUID
    title: str
    slug: str
    summary: str
    status: CourseStatus
    price: Money | None
    seats: int | None
    language: str
    license: str | None
    attribution: str | None
    external_id: str | None
    created_by: str
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


@operation("course", action="course.create", errors=[SlugTaken, DuplicateExternalId])
class CreateCourse(Request[Course]):
    """Make a course, as a draft; a person who makes one teaches it."""

    title: Line
    slug: Slug
    summary: Text = ""
    price: Money | None = Field(None, description="In the academy's currency; none: free.")
    seats: Seats | None = Field(None, description="Enrolments at a time; none: no limit.")
    language: Language | None = Field(None, description="BCP 47; the academy's by default.")
    license: Line | None = Field(None, description="Such as an SPDX identifier.")
    attribution: Text | None = Field(None, description="Who made it, as its license asks.")
    external_id: ExternalId | None = Field(None, description="Unique in the academy.")


@operation("course", action="course.read", idempotent=True)
class ListCourses(ListRequest[Page[Course]]):
    """List the courses the caller may see, newest first unless `sort` says otherwise."""

    slug: Slug | None = None
    status: CourseStatus | None = None
    external_id: ExternalId | None = None
    q: Line | None = Field(None, description="Part of the title.")
    sort: Literal["-created_at", "created_at", "title"] = "-created_at"


@operation("course", action="course.read", idempotent=True, cached=True)
class GetCourse(Request[Course]):
    """Read a course."""

    course_id: UUID


@operation("course", action="course.update", errors=[SlugTaken, DuplicateExternalId])
class UpdateCourse(Request[Course]):
    """Change some of what a course says of itself; null takes an optional value away."""

    course_id: UUID
    title: Line | None = None
    slug: Slug | None = None
    summary: Text | None = None
    price: Money | None = None
    seats: Seats | None = None
    language: Language | None = None
    license: Line | None = None
    attribution: Text | None = None
    external_id: ExternalId | None = None


@operation("course", action="course.delete", errors=[CourseInUse])
class DeleteCourse(Request[Empty]):
    """Delete a course with its sections and lessons, unless it has learners."""

    course_id: UUID


@operation("course", action="course.publish", idempotent=True)
class PublishCourse(Request[Course]):
    """Show a course to everybody in the academy."""

    course_id: UUID


@operation("course", action="course.publish", idempotent=True)
class UnpublishCourse(Request[Course]):
    """Make a course a draft again; enrolments stay."""

    course_id: UUID


class OutlineLesson(Message):
    """A lesson in an outline. `required` says whether it counts for progress."""

    id: UUID
    title: str
    position: int
    content_id: UUID | None
    preview: bool
    completion: Completion
    required: bool
    duration_minutes: int | None


class OutlineSection(Message):
    """A section in an outline, its lessons in order."""

    id: UUID
    title: str
    position: int
    required: bool
    lessons: list[OutlineLesson]


class Outline(Message):
    """Everything in a course, in order."""

    course_id: UUID
    sections: list[OutlineSection]


@operation("course", action="course.read", idempotent=True)
class GetOutline(Request[Outline]):
    """Read the sections and lessons of a course, in order, in one answer."""

    course_id: UUID


# --- instructors ----------------------------------------------------------------------------


class Instructor(Message):
    """Somebody who teaches a course."""

    course_id: UUID
    user_id: UUID
    since: datetime


@operation("course", action="course.read", idempotent=True)
class ListInstructors(ListRequest[Page[Instructor]]):
    """List who teaches a course."""

    course_id: UUID


@operation("course", action="course.assign", idempotent=True, errors=[TooLarge])
class AddInstructor(Request[Instructor]):
    """Let somebody teach a course; they need the role for it, too."""

    course_id: UUID
    user_id: UUID


@operation("course", action="course.assign")
class RemoveInstructor(Request[Empty]):
    """Take somebody off the people who teach a course."""

    course_id: UUID
    user_id: UUID


# --- sections -------------------------------------------------------------------------------


class Section(Message):
    """A part of a course. Lessons of one that is not `required` do not count for progress."""

    id: UUID
    course_id: UUID
    title: str
    position: int
    required: bool
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    version: int


@operation("course", action="section.create", errors=[DuplicateExternalId, TooLarge])
class CreateSection(Request[Section]):
    """Add a section to a course; those at its position and behind move back by one."""

    course_id: UUID
    title: Line
    position: Position | None = Field(None, description="None: behind the last one.")
    required: bool = True
    external_id: ExternalId | None = Field(None, description="Unique in the course.")


@operation("course", action="section.read", idempotent=True)
class ListSections(ListRequest[Page[Section]]):
    """List the sections of a course, in order."""

    course_id: UUID
    external_id: ExternalId | None = None


@operation("course", action="section.read", idempotent=True)
class GetSection(Request[Section]):
    """Read a section."""

    section_id: UUID


@operation("course", action="section.update", errors=[DuplicateExternalId])
class UpdateSection(Request[Section]):
    """Change a section."""

    section_id: UUID
    title: Line | None = None
    position: Position | None = None
    required: bool | None = None
    external_id: ExternalId | None = None


@operation("course", action="section.delete", errors=[SectionInUse])
class DeleteSection(Request[Empty]):
    """Delete a section that has no lessons."""

    section_id: UUID


@operation("course", action="course.arrange")
class OrderSections(Request[Outline]):
    """Put the sections of a course in an order; `ids` names all of them, each once."""

    course_id: UUID
    ids: list[UUID] = Field(max_length=MAXIMUM_SECTIONS)


# --- lessons --------------------------------------------------------------------------------


class Lesson(Message):
    """A step of a course.

    It is `view` when opening it completes it, `manual` when the learner says so. It counts for
    progress when it and its section are `required`.
    """

    id: UUID
    course_id: UUID
    section_id: UUID
    title: str
    position: int
    content_id: UUID | None
    preview: bool
    completion: Completion
    required: bool
    duration_minutes: int | None
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    version: int


@operation("course", action="lesson.create", errors=[DuplicateExternalId, TooLarge])
class CreateLesson(Request[Lesson]):
    """Add a lesson to a section; those at its position and behind move back by one."""

    section_id: UUID
    title: Line
    position: Position | None = Field(None, description="None: behind the last one.")
    content_id: UUID | None = Field(None, description="What it shows.")
    preview: bool = Field(False, description="Whether everybody may read its content.")
    completion: Completion = "manual"
    required: bool = True
    duration_minutes: Minutes | None = None
    external_id: ExternalId | None = Field(None, description="Unique in the course.")


@operation("course", action="lesson.read", idempotent=True)
class ListLessons(ListRequest[Page[Lesson]]):
    """List lessons the caller may see, in the order of their course."""

    course_id: UUID | None = None
    section_id: UUID | None = None
    content_id: UUID | None = None
    external_id: ExternalId | None = None


@operation("course", action="lesson.read", idempotent=True)
class GetLesson(Request[Lesson]):
    """Read a lesson."""

    lesson_id: UUID


@operation("course", action="lesson.update", errors=[DuplicateExternalId])
class UpdateLesson(Request[Lesson]):
    """Change a lesson; `section_id` moves it to another section of its course."""

    lesson_id: UUID
    section_id: UUID | None = None
    title: Line | None = None
    position: Position | None = None
    content_id: UUID | None = None
    preview: bool | None = None
    completion: Completion | None = None
    required: bool | None = None
    duration_minutes: Minutes | None = None
    external_id: ExternalId | None = None


@operation("course", action="lesson.delete")
class DeleteLesson(Request[Empty]):
    """Delete a lesson, and what learners did in it."""

    lesson_id: UUID


@operation("course", action="section.arrange")
class OrderLessons(Request[Outline]):
    """Put the lessons of a section in an order; `ids` names all of them, each once."""

    section_id: UUID
    ids: list[UUID] = Field(max_length=MAXIMUM_LESSONS)


# --- enrolments -----------------------------------------------------------------------------


class Enrollment(Message):
    """Somebody's place in a course.

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
    """An enrolment with what was done in it.

    `resume_lesson_id` is where to go on: the lesson touched last, or else the next required one
    behind it that is not completed, or else the first such one; null when nothing is left.
    """

    resume_lesson_id: UUID | None
    started_lesson_ids: list[UUID]
    completed_lesson_ids: list[UUID]


@operation(
    "course",
    action="enrollment.create",
    errors=[AlreadyEnrolled, CourseFull, CoursePaymentRequired],
)
class CreateEnrollment(Request[EnrollmentDetail]):
    """Enrol in a free, published course."""

    course_id: UUID


@operation("course", action="enrollment.read", idempotent=True)
class ListEnrollments(ListRequest[Page[Enrollment]]):
    """List enrolments the caller may see: one's own, and those of courses one teaches."""

    course_id: UUID | None = None
    user_id: UUID | None = None
    status: EnrollmentStatus | None = None


@operation("course", action="enrollment.read", idempotent=True)
class GetEnrollment(Request[EnrollmentDetail]):
    """Read an enrolment with its progress and where to resume."""

    enrollment_id: UUID


@operation("course", action="enrollment.end", idempotent=True)
class EndEnrollment(Request[EnrollmentDetail]):
    """Leave a course; the seat becomes free. Ended enrolments stay as they are."""

    enrollment_id: UUID


@operation("course", action="enrollment.progress", idempotent=True, errors=[EnrollmentNotActive])
class RecordLessonProgress(Request[EnrollmentDetail]):
    """Say that a lesson was started or completed; a completed one stays completed."""

    enrollment_id: UUID
    lesson_id: UUID
    status: Literal["started", "completed"]


# --- seats, for services that sell them -------------------------------------------------------


class Reservation(Message):
    """A seat and the enrolment that holds it; `enrollment_id` is null when none was ever held."""

    key: str
    enrollment_id: UUID | None
    status: EnrollmentStatus


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


@operation("course", action="enrollment.activate", idempotent=True, errors=[AlreadyEnrolled])
class ActivateEnrollment(Request[Reservation]):
    """Turn a reservation into an active enrolment; never fails for lack of seats.

    One that was released meanwhile comes back, beyond the limit if need be: it is paid. One
    that was active before and has ended stays ended, as does that of a deleted user.
    """

    key: ReservationKey


@operation("course", action="enrollment.release", idempotent=True, errors=[ReservationActive])
class ReleaseSeat(Request[Reservation]):
    """Give a reserved seat back. A key that nobody reserved yet can no longer be reserved."""

    key: ReservationKey


OPERATIONS = (
    CreateCourse,
    ListCourses,
    GetCourse,
    UpdateCourse,
    DeleteCourse,
    PublishCourse,
    UnpublishCourse,
    GetOutline,
    ListInstructors,
    AddInstructor,
    RemoveInstructor,
    CreateSection,
    ListSections,
    GetSection,
    UpdateSection,
    DeleteSection,
    OrderSections,
    CreateLesson,
    ListLessons,
    GetLesson,
    UpdateLesson,
    DeleteLesson,
    OrderLessons,
    CreateEnrollment,
    ListEnrollments,
    GetEnrollment,
    EndEnrollment,
    RecordLessonProgress,
    ReserveSeat,
    ActivateEnrollment,
    ReleaseSeat,
)
"""Everything the service may be asked."""

EVENTS = (
    CourseCreated,
    CourseUpdated,
    CoursePublished,
    CourseUnpublished,
    CourseDeleted,
    LessonContentChanged,
    LessonRemoved,
    InstructorAdded,
    InstructorRemoved,
    EnrollmentActivated,
    EnrollmentCompleted,
    EnrollmentEnded,
    LessonCompleted,
)
"""Everything the service publishes."""
