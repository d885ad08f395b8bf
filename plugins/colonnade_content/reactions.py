"""Projection of courses, so that the content service can decide about reading on its own.

Events may overtake each other; whatever is not newer than what is known is ignored.
"""

from colonnade.events import reactions_named, reacts_to
from colonnade.store import Session
from colonnade_content.models import CourseCoverRow, LearnerRow, LessonContentRow, TeacherRow
from colonnade_course.api import (
    CourseCreated,
    CourseDeleted,
    CourseEvent,
    CoursePublished,
    CourseUnpublished,
    CourseUpdated,
    EnrollmentActivated,
    EnrollmentCompleted,
    EnrollmentEnded,
    EnrollmentEvent,
    InstructorAdded,
    InstructorEvent,
    InstructorRemoved,
    LessonContentChanged,
    LessonRemoved,
)


@reactions_named("CourseFacts")
class CourseProjection:
    """Projection of lessons, teachers and learners."""

    @reacts_to(CourseCreated)
    def course_created(self, session: Session, event: CourseCreated) -> None:
        """Record the cover of a new course."""
        _set_cover(session, event)

    @reacts_to(CourseUpdated)
    def course_updated(self, session: Session, event: CourseUpdated) -> None:
        """Record the cover of a course that has changed."""
        _set_cover(session, event)

    @reacts_to(CoursePublished)
    def course_published(self, session: Session, event: CoursePublished) -> None:
        """Record that everybody sees a course, and its cover."""
        _set_cover(session, event)

    @reacts_to(CourseUnpublished)
    def course_unpublished(self, session: Session, event: CourseUnpublished) -> None:
        """Record that a course is a draft again."""
        _set_cover(session, event)

    @reacts_to(CourseDeleted)
    def course_deleted(self, session: Session, event: CourseDeleted) -> None:
        """Leave a mark of a course that is gone, so that a late event does not bring it back."""
        _set_cover(session, event.model_copy(update={"cover_media_id": None}))

    @reacts_to(LessonContentChanged)
    def lesson_content_changed(self, session: Session, event: LessonContentChanged) -> None:
        """Record what a lesson shows."""
        row = session.get(LessonContentRow, event.lesson_id)
        if row is not None and (row.removed or row.sequence >= event.sequence):
            return
        session.upsert(
            LessonContentRow(
                lesson_id=event.lesson_id,
                course_id=event.course_id,
                content_id=event.content_id,
                preview=event.preview,
                published=event.published,
                removed=False,
                sequence=event.sequence,
            )
        )

    @reacts_to(LessonRemoved)
    def lesson_removed(self, session: Session, event: LessonRemoved) -> None:
        """Leave a tombstone of a lesson, so that a late event does not bring it back."""
        session.upsert(
            LessonContentRow(
                lesson_id=event.lesson_id,
                course_id=event.course_id,
                content_id=None,
                preview=False,
                published=False,
                removed=True,
                sequence=event.sequence,
            )
        )

    @reacts_to(InstructorAdded)
    def instructor_added(self, session: Session, event: InstructorAdded) -> None:
        """Record that a person teaches a course."""
        _set_teacher(session, event, active=True)

    @reacts_to(InstructorRemoved)
    def instructor_removed(self, session: Session, event: InstructorRemoved) -> None:
        """Record that a person no longer teaches a course."""
        _set_teacher(session, event, active=False)

    @reacts_to(EnrollmentActivated)
    def enrollment_activated(self, session: Session, event: EnrollmentActivated) -> None:
        """Record that a person learns in a course."""
        _set_learner(session, event)

    @reacts_to(EnrollmentCompleted)
    def enrollment_completed(self, session: Session, event: EnrollmentCompleted) -> None:
        """Record that a person has completed a course, and may read it again."""
        _set_learner(session, event)

    @reacts_to(EnrollmentEnded)
    def enrollment_ended(self, session: Session, event: EnrollmentEnded) -> None:
        """Record that a person no longer learns in a course."""
        _set_learner(session, event)


def _set_cover(session: Session, event: CourseEvent) -> None:
    row = session.get(CourseCoverRow, event.course_id)
    if row is not None and row.sequence >= event.sequence:
        return
    session.upsert(
        CourseCoverRow(
            course_id=event.course_id,
            media_id=event.cover_media_id,
            published=event.status == "published",
            sequence=event.sequence,
        )
    )


def _set_teacher(session: Session, event: InstructorEvent, *, active: bool) -> None:
    row = session.get(TeacherRow, (event.course_id, event.user_id))
    if row is not None and row.sequence >= event.sequence:
        return
    session.upsert(
        TeacherRow(
            course_id=event.course_id,
            user_id=event.user_id,
            active=active,
            sequence=event.sequence,
        )
    )


def _set_learner(session: Session, event: EnrollmentEvent) -> None:
    row = session.get(LearnerRow, event.enrollment_id)
    if row is not None and row.sequence >= event.sequence:
        return
    session.upsert(
        LearnerRow(
            enrollment_id=event.enrollment_id,
            course_id=event.course_id,
            user_id=event.user_id,
            active=event.status in ("active", "completed"),
            sequence=event.sequence,
        )
    )
