"""Effects of events on the counts and the tables of courses, lessons and enrolments."""

from collections.abc import Callable
from typing import Any

from colonnade.events import Event
from colonnade.store import Session
from colonnade_analytics.calendar.instants import quarter_of
from colonnade_analytics.models import CourseRow, EventRow, LessonRow, TeacherRow
from colonnade_analytics.privacy.pseudonyms import erase, is_erased
from colonnade_analytics.rollups import increments
from colonnade_analytics.rollups.increments import Metric
from colonnade_analytics.rollups.upserts import insert_new
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
    LessonCompleted,
    LessonContentChanged,
    LessonRemoved,
)
from colonnade_payment.api import PaymentCaptured, PaymentRefunded
from colonnade_user.api import UserDeleted


def _activated(session: Session, event: EnrollmentActivated, row: EventRow) -> None:
    enrollment = _enrollment(session, event, row)
    increments.count(session, Metric.ENROLMENTS, row.occurred_us, event.course_id)
    _active(session, event, row)
    enrollment.activated_us = _earlier(enrollment.activated_us, row.occurred_us)


def _completed(session: Session, event: EnrollmentCompleted, row: EventRow) -> None:
    enrollment = _enrollment(session, event, row)
    increments.count(session, Metric.COMPLETIONS, row.occurred_us, event.course_id)
    _active(session, event, row)
    enrollment.completed_us = _earlier(enrollment.completed_us, row.occurred_us)


def _ended(session: Session, event: EnrollmentEnded, row: EventRow) -> None:
    enrollment = _enrollment(session, event, row)
    enrollment.ended_us = _earlier(enrollment.ended_us, row.occurred_us)


def _lesson_completed(session: Session, event: LessonCompleted, row: EventRow) -> None:
    _enrollment(session, event, row)
    _lesson(session, event, row)
    increments.count(session, Metric.LESSONS, row.occurred_us, event.course_id)
    increments.count_lesson(session, event.course_id, event.lesson_id)
    _active(session, event, row)


def _lesson(
    session: Session, event: LessonCompleted | LessonContentChanged | LessonRemoved, row: EventRow
) -> None:
    lesson = {"lesson_id": event.lesson_id, "course_id": event.course_id}
    insert_new(session, LessonRow, [lesson])


def _captured(session: Session, event: PaymentCaptured, row: EventRow) -> None:
    at, course = row.occurred_us, event.course_id
    increments.count_money(session, Metric.REVENUE, at, course, event.amount)
    increments.count_money(session, Metric.PLATFORM_FEE, at, course, event.platform_fee)
    increments.add_earnings(session, at, course, event.shares, 1)


def _refunded(session: Session, event: PaymentRefunded, row: EventRow) -> None:
    at, course = row.occurred_us, event.course_id
    increments.count_money(session, Metric.REFUNDS, at, course, event.amount)
    increments.subtract_money(session, Metric.PLATFORM_FEE, at, course, event.platform_fee)
    increments.add_earnings(session, at, course, event.shares, -1)


def _course(session: Session, event: CourseEvent, row: EventRow) -> None:
    known = session.get(CourseRow, event.course_id)
    if known is not None and known.sequence >= event.sequence:
        return
    session.upsert(
        CourseRow(
            course_id=event.course_id,
            title=event.title,
            deleted=isinstance(event, CourseDeleted),
            sequence=event.sequence,
        )
    )


def _instructor(session: Session, event: InstructorEvent, row: EventRow) -> None:
    known = session.get(TeacherRow, (event.course_id, event.user_id))
    if known is not None and known.sequence >= event.sequence:
        return
    if is_erased(session, event.user_id):
        return
    session.upsert(
        TeacherRow(
            course_id=event.course_id,
            user_id=event.user_id,
            active=isinstance(event, InstructorAdded),
            sequence=event.sequence,
        )
    )


def _deleted(session: Session, event: UserDeleted, row: EventRow) -> None:
    erase(session, event.user_id)


def _enrollment(session: Session, event: EnrollmentEvent | LessonCompleted, row: EventRow) -> Any:
    assert row.person_id is not None
    return increments.enrollment_of(session, event.enrollment_id, event.course_id, row.person_id)


def _active(session: Session, event: EnrollmentEvent | LessonCompleted, row: EventRow) -> None:
    assert row.person_id is not None
    quarters = {quarter_of(row.occurred_us)}
    increments.mark_active(session, quarters, event.course_id, row.person_id, enrolled=True)


def _earlier(known: int | None, heard: int) -> int:
    return heard if known is None else min(known, heard)


EFFECTS: dict[type[Event], Callable[[Session, Any, EventRow], None]] = {
    EnrollmentActivated: _activated,
    EnrollmentCompleted: _completed,
    EnrollmentEnded: _ended,
    LessonCompleted: _lesson_completed,
    PaymentCaptured: _captured,
    PaymentRefunded: _refunded,
    InstructorAdded: _instructor,
    InstructorRemoved: _instructor,
    UserDeleted: _deleted,
    LessonContentChanged: _lesson,
    LessonRemoved: _lesson,
    **dict.fromkeys(
        (CourseCreated, CourseUpdated, CoursePublished, CourseUnpublished, CourseDeleted), _course
    ),
}
"""The effect of each event that has one."""
