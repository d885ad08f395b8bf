"""Reactions to course events: known courses and their instructors, which invitations may name.

The course service asks this one, so this one must not ask it back: it keeps a projection instead.
Events may overtake each other, so an event that is not newer than the row is ignored.
"""

from colonnade.events import reactions_named, reacts_to
from colonnade.store import Session
from colonnade_course.api import (
    CourseCreated,
    CourseDeleted,
    CourseEvent,
    CoursePublished,
    CourseUnpublished,
    CourseUpdated,
    InstructorAdded,
    InstructorEvent,
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
"""Events that the service reacts to."""


@reactions_named("KnownCourses")
class CourseReactions:
    """Reactions to events of courses: a projection of courses and their instructors."""

    @reacts_to(CourseCreated)
    def course_created(self, session: Session, event: CourseCreated) -> None:
        """Record a new course."""
        _record_course(session, event)

    @reacts_to(CourseUpdated)
    def course_updated(self, session: Session, event: CourseUpdated) -> None:
        """Record the course, in case its first event was missed."""
        _record_course(session, event)

    @reacts_to(CoursePublished)
    def course_published(self, session: Session, event: CoursePublished) -> None:
        """Record the course; an invitation may name drafts as well."""
        _record_course(session, event)

    @reacts_to(CourseUnpublished)
    def course_unpublished(self, session: Session, event: CourseUnpublished) -> None:
        """Record the course; a draft stays known."""
        _record_course(session, event)

    @reacts_to(CourseDeleted)
    def course_deleted(self, session: Session, event: CourseDeleted) -> None:
        """Mark the course as deleted; the row stays, so that a late event does not revive it."""
        _record_course(session, event, deleted=True)

    @reacts_to(InstructorAdded)
    def instructor_added(self, session: Session, event: InstructorAdded) -> None:
        """Record an instructor."""
        _record_instructor(session, event, active=True)

    @reacts_to(InstructorRemoved)
    def instructor_removed(self, session: Session, event: InstructorRemoved) -> None:
        """Mark an instructor as removed."""
        _record_instructor(session, event, active=False)


def _record_course(session: Session, event: CourseEvent, *, deleted: bool = False) -> None:
    row = session.get(KnownCourseRow, event.course_id)
    if row is not None and row.sequence >= event.sequence:
        return
    session.upsert(
        KnownCourseRow(course_id=event.course_id, deleted=deleted, sequence=event.sequence)
    )


def _record_instructor(session: Session, event: InstructorEvent, *, active: bool) -> None:
    row = session.get(CourseTeacherRow, (event.course_id, event.user_id))
    if row is not None and row.sequence >= event.sequence:
        return
    session.upsert(
        CourseTeacherRow(
            course_id=event.course_id,
            user_id=event.user_id,
            active=active,
            sequence=event.sequence,
        )
    )
