"""What the service publishes, with the sequence that lets projections converge."""

from sqlalchemy import select

from colonnade.money import Money
from colonnade.store import Session
from colonnade_course.api import (
    CourseFact,
    EnrollmentFact,
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


def counter_of(session: Session, course: CourseRow) -> CourseCounterRow:
    """The counters of a course, locked until the transaction ends."""
    return session.get_one(CourseCounterRow, course.id, with_for_update=True)


def next_sequence(session: Session, course: CourseRow) -> int:
    """The sequence of the next event of a course."""
    counter = counter_of(session, course)
    counter.sequence += 1
    return counter.sequence


def price_of(course: CourseRow) -> Money | None:
    """What a course costs, or nothing."""
    if course.price_amount is None or course.price_currency is None:
        return None
    return Money(amount=course.price_amount, currency=course.price_currency)


def publish_course(session: Session, kind: type[CourseFact], course: CourseRow) -> None:
    """Publish the state of a course."""
    session.publish(
        kind.model_validate(
            {
                "course_id": course.id,
                "slug": course.slug,
                "title": course.title,
                "status": course.status,
                "price": price_of(course),
                "sequence": next_sequence(session, course),
            }
        )
    )


def publish_lesson_content(
    session: Session, course: CourseRow, lesson: LessonRow, *, removed: bool = False
) -> None:
    """Publish what a lesson shows; nothing any more, when it is `removed`."""
    session.publish(_content_of(course, lesson, next_sequence(session, course), removed))


def publish_contents(session: Session, course: CourseRow, *, removed: bool = False) -> None:
    """Publish what each lesson of a course shows."""
    lessons = select(LessonRow).where(
        LessonRow.course_id == course.id, LessonRow.content_id.is_not(None)
    )
    found = session.scalars(lessons.order_by(LessonRow.id)).all()
    counter = counter_of(session, course)
    for lesson in found:
        counter.sequence += 1
        session.publish(_content_of(course, lesson, counter.sequence, removed))


def publish_lesson_removed(session: Session, course: CourseRow, lesson: LessonRow) -> None:
    """Publish that a lesson is gone."""
    sequence = next_sequence(session, course)
    session.publish(LessonRemoved(lesson_id=lesson.id, course_id=course.id, sequence=sequence))


def publish_instructor(session: Session, row: InstructorRow) -> None:
    """Publish whether somebody teaches a course; flushes, so that the row has its version."""
    session.flush()
    kind = InstructorAdded if row.active else InstructorRemoved
    session.publish(kind(course_id=row.course_id, user_id=row.user_id, sequence=row.version))


def publish_enrollment(session: Session, kind: type[EnrollmentFact], row: EnrollmentRow) -> None:
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


def _content_of(
    course: CourseRow, lesson: LessonRow, sequence: int, removed: bool
) -> LessonContentChanged:
    return LessonContentChanged(
        lesson_id=lesson.id,
        course_id=course.id,
        content_id=None if removed else lesson.content_id,
        preview=lesson.preview and not removed,
        published=course.status == "published" and not removed,
        sequence=sequence,
    )
