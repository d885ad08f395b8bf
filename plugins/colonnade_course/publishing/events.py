"""Events of the course service, each with the sequence that lets projections converge."""

from sqlalchemy import select

from colonnade.store import Session
from colonnade_course.api import (
    CourseEvent,
    EnrollmentEvent,
    InstructorAdded,
    InstructorRemoved,
    LessonContentChanged,
    LessonRemoved,
)
from colonnade_course.models import (
    CourseCounterRow,
    CourseRow,
    EnrollmentRow,
    InstructorRow,
    LessonRow,
)
from colonnade_course.presentation import price_of
from colonnade_course.states import CourseState


def counter_of(session: Session, course: CourseRow) -> CourseCounterRow:
    """Read the counters of a course, locked until the transaction ends."""
    return session.get_one(CourseCounterRow, course.id, for_update=True)


def next_sequence(session: Session, course: CourseRow) -> int:
    """Take the sequence of the next event of a course."""
    # The lock keeps two transactions from taking the same sequence.
    counter = counter_of(session, course)
    counter.sequence += 1
    return counter.sequence


def publish_course_event(session: Session, kind: type[CourseEvent], course: CourseRow) -> None:
    """Publish the state of a course."""
    session.publish(
        kind.model_validate(
            {
                "course_id": course.id,
                "slug": course.slug,
                "title": course.title,
                "status": course.status,
                "price": price_of(course),
                "cover_media_id": course.cover_media_id,
                "sequence": next_sequence(session, course),
            }
        )
    )


def publish_lesson_content(
    session: Session, course: CourseRow, lesson: LessonRow, *, removed: bool = False
) -> None:
    """Publish the content that a lesson shows; none when it is `removed`."""
    session.publish(_content_event(course, lesson, next_sequence(session, course), removed))


def publish_lesson_contents(session: Session, course: CourseRow, *, removed: bool = False) -> None:
    """Publish the content of each lesson of a course."""
    lessons = select(LessonRow).where(
        LessonRow.course_id == course.id, LessonRow.content_id.is_not(None)
    )
    found = session.scalars(lessons.order_by(LessonRow.id)).all()
    counter = counter_of(session, course)
    for lesson in found:
        counter.sequence += 1
        session.publish(_content_event(course, lesson, counter.sequence, removed))


def publish_lesson_removed(session: Session, course: CourseRow, lesson: LessonRow) -> None:
    """Publish the removal of a lesson."""
    sequence = next_sequence(session, course)
    session.publish(LessonRemoved(lesson_id=lesson.id, course_id=course.id, sequence=sequence))


def publish_instructor_event(session: Session, row: InstructorRow) -> None:
    """Publish the state of an instructor; flushes, so that the row has its version."""
    session.flush()
    kind = InstructorAdded if row.active else InstructorRemoved
    session.publish(kind(course_id=row.course_id, user_id=row.user_id, sequence=row.version))


def publish_enrollment_event(
    session: Session, kind: type[EnrollmentEvent], row: EnrollmentRow
) -> None:
    """Publish the state of an enrolment; flushes, so that the row has its version."""
    session.flush()
    session.publish(
        kind.model_validate(
            {
                "enrollment_id": row.id,
                "course_id": row.course_id,
                "user_id": row.user_id,
                "status": row.status,
                "sequence": row.version,
            }
        )
    )


def _content_event(
    course: CourseRow, lesson: LessonRow, sequence: int, removed: bool
) -> LessonContentChanged:
    return LessonContentChanged(
        lesson_id=lesson.id,
        course_id=course.id,
        content_id=None if removed else lesson.content_id,
        preview=lesson.preview and not removed,
        published=course.status == CourseState.PUBLISHED and not removed,
        sequence=sequence,
    )
