"""Completion of an enrolment: when every required lesson is completed, once and for good."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select

from colonnade.store import Session
from colonnade_course.api import EnrollmentCompleted
from colonnade_course.models import EnrollmentRow, LessonProgressRow, LessonRow, SectionRow
from colonnade_course.publishing.events import publish_enrollment_event
from colonnade_course.states import EnrollmentState


def counts_for_progress() -> ColumnElement[bool]:
    """Condition, over lessons joined with their sections, that a lesson is required."""
    return and_(LessonRow.required.is_(True), SectionRow.required.is_(True))


def complete_enrollment(session: Session, enrollment: EnrollmentRow) -> None:
    """Complete an active enrolment; others stay as they are."""
    if enrollment.status != EnrollmentState.ACTIVE:
        return
    enrollment.status = EnrollmentState.COMPLETED
    enrollment.completed_at = session.now
    publish_enrollment_event(session, EnrollmentCompleted, enrollment)


def complete_finished_enrollments(session: Session, course_id: UUID) -> None:
    """Complete every active enrolment of a course that a change of its lessons has finished."""
    required = select(func.count()).select_from(LessonRow).join(SectionRow, _in_section())
    total = session.scalars(
        required.where(LessonRow.course_id == course_id, counts_for_progress())
    ).one()
    if not total:
        return
    finished = (
        select(EnrollmentRow)
        .join(LessonProgressRow, LessonProgressRow.enrollment_id == EnrollmentRow.id)
        .join(LessonRow, LessonRow.id == LessonProgressRow.lesson_id)
        .join(SectionRow, _in_section())
        .where(
            EnrollmentRow.course_id == course_id,
            EnrollmentRow.status == EnrollmentState.ACTIVE,
            LessonProgressRow.completed_at.is_not(None),
            counts_for_progress(),
        )
        .group_by(EnrollmentRow.id)
        # Completed lessons that count equal those that there are: none is left.
        .having(func.count() == total)
    )
    for enrollment in session.scalars(finished).all():
        complete_enrollment(session, enrollment)


def required_totals(session: Session, course_ids: Collection[UUID]) -> dict[UUID, int]:
    """Count the required lessons of each course."""
    query = (
        select(LessonRow.course_id, func.count())
        .join(SectionRow, _in_section())
        .where(LessonRow.course_id.in_(course_ids), counts_for_progress())
        .group_by(LessonRow.course_id)
    )
    return dict(session.execute(query).all())


def required_done(session: Session, enrollment_ids: Collection[UUID]) -> dict[UUID, int]:
    """Count the required lessons completed in each enrolment."""
    query = (
        select(LessonProgressRow.enrollment_id, func.count())
        .join(LessonRow, LessonRow.id == LessonProgressRow.lesson_id)
        .join(SectionRow, _in_section())
        .where(
            LessonProgressRow.enrollment_id.in_(enrollment_ids),
            LessonProgressRow.completed_at.is_not(None),
            counts_for_progress(),
        )
        .group_by(LessonProgressRow.enrollment_id)
    )
    return dict(session.execute(query).all())


def _in_section() -> ColumnElement[bool]:
    return SectionRow.id == LessonRow.section_id
