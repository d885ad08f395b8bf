"""Details of an enrolment: lessons started and completed, and where to resume."""

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class LessonsDone:
    """Lessons of an enrolment's course in order, and those started and completed by first touch."""

    steps: Sequence[Step]
    started: Sequence[UUID]
    completed: Sequence[UUID]

    @property
    def percentage(self) -> int:
        """Percentage of required lessons that are completed."""
        return percentage(self.steps, set(self.completed))


def lessons_done(session: Session, row: EnrollmentRow) -> LessonsDone:
    """Read the lessons of an enrolment."""
    done = session.scalars(_PROGRESS, {"enrollment_id": row.id})
    found = session.execute(_STEPS, {"course_id": row.course_id})
    return LessonsDone(
        steps=[Step(id_, lesson and section) for id_, lesson, section in found],
        started=[item.lesson_id for item in done if item.completed_at is None],
        completed=[item.lesson_id for item in done if item.completed_at is not None],
    )


def enrollment_detail(row: EnrollmentRow, done: LessonsDone) -> EnrollmentDetail:
    """Present an enrolment with the lessons started and completed in it."""
    resume = (
        None
        if row.status == EnrollmentState.ENDED
        else resume_at(done.steps, set(done.completed), row.last_lesson_id)
    )
    return EnrollmentDetail(
        **dict(present_enrollment(row, done.percentage)),
        resume_lesson_id=resume,
        started_lesson_ids=list(done.started),
        completed_lesson_ids=list(done.completed),
    )
