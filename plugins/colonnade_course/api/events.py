"""Events of the course service.

Events of different types may overtake each other, so each carries the whole state it speaks of and
a `sequence`: a projection keeps the sequence it saw last and ignores what is not newer. For courses
and lessons the sequence counts per course, for enrolments per enrolment, for instructors per course
and person.
"""

from uuid import UUID

from colonnade.events import Event, event
from colonnade.money import Money
from colonnade_course.api.types import CourseStatus, EnrollmentStatus


class CourseEvent(Event):
    """The state of a course after a change. `sequence` grows with every event of the course."""

    course_id: UUID
    slug: str
    title: str
    status: CourseStatus
    price: Money | None = None
    cover_media_id: UUID | None = None
    sequence: int


@event("course", key="course_id")
class CourseCreated(CourseEvent):
    """A course was made, as a draft."""


@event("course", key="course_id")
class CourseUpdated(CourseEvent):
    """Fields of a course have changed."""


@event("course", key="course_id")
class CoursePublished(CourseEvent):
    """A course became visible to everybody in the academy."""


@event("course", key="course_id")
class CourseUnpublished(CourseEvent):
    """A course became a draft again."""


@event("course", key="course_id")
class CourseDeleted(CourseEvent):
    """A course is gone, with everything in it; its last event."""


@event("course", key="course_id")
class LessonContentChanged(Event):
    """Content that a lesson shows, and its visibility: the whole state, per lesson.

    Published when a lesson gains, changes or loses its content (`content_id` null: it shows
    none, or is gone), when its `preview` changes, and for each lesson with content when the
    course is published, unpublished or deleted. `sequence` is that of the course, shared with
    the events of the course itself: of two events of one lesson the higher one holds.
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


class InstructorEvent(Event):
    """State of an instructor of a course. `sequence` counts per course and person."""

    course_id: UUID
    user_id: UUID
    sequence: int


@event("course", key="course_id")
class InstructorAdded(InstructorEvent):
    """An instructor was added to a course."""


@event("course", key="course_id")
class InstructorRemoved(InstructorEvent):
    """An instructor was removed from a course."""


class EnrollmentEvent(Event):
    """The state of an enrolment after a change. `sequence` counts per enrolment.

    A user is enrolled in a course while one of their enrolments there has the status `active`
    or `completed`. Enrolling again after the end makes a new enrolment.
    """

    enrollment_id: UUID
    course_id: UUID
    user_id: UUID
    status: EnrollmentStatus
    sequence: int


@event("course", key="enrollment_id")
class EnrollmentActivated(EnrollmentEvent):
    """An enrolment became active: the learner may work through the course."""


@event("course", key="enrollment_id")
class EnrollmentCompleted(EnrollmentEvent):
    """Every required lesson of a course was completed; once per enrolment."""


@event("course", key="enrollment_id")
class EnrollmentEnded(EnrollmentEvent):
    """An enrolment that had been active ended."""


@event("course", key="enrollment_id")
class LessonCompleted(Event):
    """A lesson was completed; once per enrolment and lesson."""

    enrollment_id: UUID
    lesson_id: UUID
    course_id: UUID
    user_id: UUID
    progress: int
