"""Details of an enrolment: lessons started and completed, and where to resume."""

from uuid import UUID

from sqlalchemy import bindparam, select

from colonnade.rows import prepare
from colonnade.store import Session
from colonnade_course.api import EnrollmentDetail
from colonnade_course.enrollment.progress import Step, percentage, resume_at
from colonnade_course.models import EnrollmentRow, LessonProgressRow, LessonRow, SectionRow
from colonnade_course.presentation import present_enrollment
from colonnade_course.states import EnrollmentState

_PROGRESS = prepare(
    select(LessonProgressRow)
    .where(LessonProgressRow.enrollment_id == bindparam("enrollment_id"))
    .order_by(LessonProgressRow.started_at, LessonProgressRow.lesson_id)
)
_STEPS = prepare(
    select(LessonRow.id, LessonRow.required, SectionRow.required)
    .join(SectionRow, SectionRow.id == LessonRow.section_id)
    .where(LessonRow.course_id == bindparam("course_id"))
    .order_by(SectionRow.position, SectionRow.id, LessonRow.position, LessonRow.id)
)


def enrollment_detail(session: Session, row: EnrollmentRow) -> EnrollmentDetail:
    """Present an enrolment with the lessons started and completed in it."""
    done = session.scalars(_PROGRESS, {"enrollment_id": row.id})
    completed = [item.lesson_id for item in done if item.completed_at is not None]
    steps = steps_of(session, row.course_id)
    resume = (
        None
        if row.status == EnrollmentState.ENDED
        else resume_at(steps, set(completed), row.last_lesson_id)
    )
    return EnrollmentDetail(
        **dict(present_enrollment(row, percentage(steps, set(completed)))),
        resume_lesson_id=resume,
        started_lesson_ids=[item.lesson_id for item in done if item.completed_at is None],
        completed_lesson_ids=completed,
    )


def steps_of(session: Session, course_id: UUID) -> list[Step]:
    """List the lessons of a course, in order, with whether they count for progress."""
    found = session.execute(_STEPS, {"course_id": course_id})
    return [Step(id_, lesson and section) for id_, lesson, section in found]
