"""What the user service keeps of courses, so that it can say which an invitation may name.

It may not ask the course service, which asks this one. Events may overtake each other; whatever
is not newer than what is known is ignored.
"""

from colonnade.events import reacts_to
from colonnade.store import Session
from colonnade_course.api import (
    CourseCreated,
    CourseDeleted,
    CourseFact,
    CoursePublished,
    CourseUnpublished,
    CourseUpdated,
    InstructorAdded,
    InstructorFact,
    InstructorRemoved,
)
from colonnade_user.models import CourseTeacherRow, KnownCourseRow

SUBSCRIPTIONS = (
    CourseCreated,
    CourseUpdated,
    CoursePublished,
    CourseUnpublished,
    CourseDeleted,
    InstructorAdded,
    InstructorRemoved,
)
"""What is listened to."""


class KnownCourses:
    """Follows courses and who teaches them."""

    @reacts_to(CourseCreated)
    def course_created(self, session: Session, event: CourseCreated) -> None:
        """There is one more."""
        _keep_course(session, event)

    @reacts_to(CourseUpdated)
    def course_updated(self, session: Session, event: CourseUpdated) -> None:
        """There is such a course."""
        _keep_course(session, event)

    @reacts_to(CoursePublished)
    def course_published(self, session: Session, event: CoursePublished) -> None:
        """There is such a course."""
        _keep_course(session, event)

    @reacts_to(CourseUnpublished)
    def course_unpublished(self, session: Session, event: CourseUnpublished) -> None:
        """A draft is a course, too."""
        _keep_course(session, event)

    @reacts_to(CourseDeleted)
    def course_deleted(self, session: Session, event: CourseDeleted) -> None:
        """Keep the grave of a course, so that a late event does not bring it back."""
        _keep_course(session, event, deleted=True)

    @reacts_to(InstructorAdded)
    def instructor_added(self, session: Session, event: InstructorAdded) -> None:
        """Somebody teaches."""
        _keep_teacher(session, event, active=True)

    @reacts_to(InstructorRemoved)
    def instructor_removed(self, session: Session, event: InstructorRemoved) -> None:
        """Somebody no longer teaches."""
        _keep_teacher(session, event, active=False)


def _keep_course(session: Session, event: CourseFact, *, deleted: bool = False) -> None:
    row = session.get(KnownCourseRow, event.course_id)
    if row is not None and row.sequence >= event.sequence:
        return
    session.merge(
        KnownCourseRow(course_id=event.course_id, deleted=deleted, sequence=event.sequence)
    )


def _keep_teacher(session: Session, event: InstructorFact, *, active: bool) -> None:
    row = session.get(CourseTeacherRow, (event.course_id, event.user_id))
    if row is not None and row.sequence >= event.sequence:
        return
    session.merge(
        CourseTeacherRow(
            course_id=event.course_id,
            user_id=event.user_id,
            active=active,
            sequence=event.sequence,
        )
    )
