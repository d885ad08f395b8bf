"""Enrolments: who learns in which course, and how far they are."""

from uuid import UUID

from sqlalchemy import select

from colonnade.lookups import absent, changeable, permitted
from colonnade.operations import Call, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_course.api import (
    CoursePaymentRequired,
    CreateEnrollment,
    EndEnrollment,
    Enrollment,
    EnrollmentActivated,
    EnrollmentDetail,
    EnrollmentNotActive,
    GetEnrollment,
    LessonCompleted,
    ListEnrollments,
    RecordLessonProgress,
)
from colonnade_course.enrollment.completion import complete, required_done, required_totals
from colonnade_course.enrollment.progress import is_finished, percentage, resume_at, share
from colonnade_course.enrollment.seats import check_not_enrolled, end, seat
from colonnade_course.models import CourseRow, EnrollmentRow, LessonProgressRow, LessonRow
from colonnade_course.outline.structure import steps_of
from colonnade_course.presentation import present_enrollment
from colonnade_course.publishing.events import price_of, publish_enrollment
from colonnade_course.resources import ENROLLMENT

NEWEST_FIRST = [SortKey(EnrollmentRow.created_at, descending=True), SortKey(EnrollmentRow.id)]


class Enrollments:
    """Handles what is asked about enrolments by people."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(CreateEnrollment)
    async def create(self, request: CreateEnrollment, call: Call) -> EnrollmentDetail:
        """Enrol the caller in a free course."""
        user_id = call.require_person("Only a person can enrol; sign in as one.")

        def work(session: Session) -> EnrollmentDetail:
            course = published_course(session, call, request.course_id)
            enrollment = new_enrollment(self._ctx.new_id(), course.id, user_id)
            enrollment.status = "active"
            enrollment.activated_at = session.now
            call.require(session, ENROLLMENT, enrollment)
            check_not_enrolled(session, course.id, user_id)
            _check_free(course)
            seat(session, course, enrollment)
            publish_enrollment(session, EnrollmentActivated, enrollment)
            return detail_of(session, enrollment)

        return await self._ctx.store.run(work)

    @handles(ListEnrollments)
    async def list(self, request: ListEnrollments, call: Call) -> Page[Enrollment]:
        """The enrolments the caller may see, newest first."""
        query = select(EnrollmentRow).where(call.visible(ENROLLMENT))
        if request.course_id is not None:
            query = query.where(EnrollmentRow.course_id == request.course_id)
        if request.user_id is not None:
            query = query.where(EnrollmentRow.user_id == request.user_id)
        if request.status is not None:
            query = query.where(EnrollmentRow.status == request.status)

        def work(session: Session) -> Page[Enrollment]:
            page = paginate(
                session, query, NEWEST_FIRST, request, lambda row: present_enrollment(row, 0)
            )
            return _with_progress(session, page)

        return await self._ctx.store.read(work)

    @handles(GetEnrollment)
    async def read(self, request: GetEnrollment, call: Call) -> EnrollmentDetail:
        """One enrolment with what was done in it."""

        def work(session: Session) -> EnrollmentDetail:
            row = permitted(session, call, ENROLLMENT, EnrollmentRow, request.enrollment_id)
            return detail_of(session, row)

        return await self._ctx.store.read(work)

    @handles(EndEnrollment)
    async def end(self, request: EndEnrollment, call: Call) -> EnrollmentDetail:
        """Leave a course. A pending one is its reserver's to release."""

        def work(session: Session) -> EnrollmentDetail:
            row = changeable(session, call, ENROLLMENT, EnrollmentRow, request.enrollment_id)
            if row.status == "pending":
                raise _not_active(row)
            end(session, row, "left")
            session.flush()
            call.require(session, ENROLLMENT, row)
            return detail_of(session, row)

        return await self._ctx.store.run(work)

    @handles(RecordLessonProgress)
    async def record(self, request: RecordLessonProgress, call: Call) -> EnrollmentDetail:
        """Note that a lesson was started or completed."""
        completes = request.status == "completed"

        def work(session: Session) -> EnrollmentDetail:
            row = changeable(session, call, ENROLLMENT, EnrollmentRow, request.enrollment_id)
            lesson = session.get(LessonRow, request.lesson_id)
            if lesson is None or lesson.course_id != row.course_id:
                raise absent("lesson")
            if row.status not in ("active", "completed"):
                raise _not_active(row)
            _touch(session, row, lesson, completes or lesson.completion == "view")
            session.flush()
            call.require(session, ENROLLMENT, row)
            return detail_of(session, row)

        return await self._ctx.store.run(work)


def new_enrollment(enrollment_id: UUID, course_id: UUID, user_id: UUID) -> EnrollmentRow:
    """A pending enrolment that nothing was done in, not yet in a session."""
    return EnrollmentRow(
        id=enrollment_id, course_id=course_id, user_id=user_id, status="pending", activated_at=None
    )


def published_course(session: Session, call: Call, course_id: UUID) -> CourseRow:
    """A course that may be enrolled in.

    Raises:
        NotFound: there is none, or it is a draft.
    """
    course = session.get(CourseRow, course_id)
    if course is None or course.status != "published":
        raise absent("published course")
    return course


def detail_of(session: Session, row: EnrollmentRow) -> EnrollmentDetail:
    """An enrolment with what was done in it."""
    done = session.scalars(
        select(LessonProgressRow)
        .where(LessonProgressRow.enrollment_id == row.id)
        .order_by(LessonProgressRow.started_at, LessonProgressRow.lesson_id)
    ).all()
    completed = [item.lesson_id for item in done if item.completed_at is not None]
    steps = steps_of(session, row.course_id)
    resume = None if row.status == "ended" else resume_at(steps, set(completed), row.last_lesson_id)
    return EnrollmentDetail(
        **dict(present_enrollment(row, percentage(steps, set(completed)))),
        resume_lesson_id=resume,
        started_lesson_ids=[item.lesson_id for item in done if item.completed_at is None],
        completed_lesson_ids=completed,
    )


def _touch(session: Session, row: EnrollmentRow, lesson: LessonRow, completes: bool) -> None:
    done = session.get(LessonProgressRow, (row.id, lesson.id))
    newly_completed = completes and (done is None or done.completed_at is None)
    if done is None:
        done = LessonProgressRow(enrollment_id=row.id, lesson_id=lesson.id, started_at=session.now)
        session.add(done)
    elif not newly_completed and row.last_lesson_id == lesson.id:
        return
    if newly_completed:
        done.completed_at = session.now
    row.last_lesson_id = lesson.id
    # Also where no other column changes: the row's version stands for the progress in it, and
    # two learners' devices that write at once must meet on this row.
    row.updated_at = session.now
    session.flush()
    if newly_completed:
        _completed(session, row, lesson)


def _completed(session: Session, row: EnrollmentRow, lesson: LessonRow) -> None:
    completed = _completed_ids(session, row)
    steps = steps_of(session, row.course_id)
    session.publish(
        LessonCompleted(
            enrollment_id=row.id,
            lesson_id=lesson.id,
            course_id=row.course_id,
            user_id=row.user_id,
            progress=percentage(steps, completed),
        )
    )
    if is_finished(steps, completed):
        complete(session, row)


def _completed_ids(session: Session, row: EnrollmentRow) -> set[UUID]:
    query = select(LessonProgressRow.lesson_id).where(
        LessonProgressRow.enrollment_id == row.id, LessonProgressRow.completed_at.is_not(None)
    )
    return set(session.scalars(query))


def _with_progress(session: Session, page: Page[Enrollment]) -> Page[Enrollment]:
    totals = required_totals(session, {item.course_id for item in page.items})
    done = required_done(session, [item.id for item in page.items])
    items = [
        item.model_copy(
            update={"progress": share(done.get(item.id, 0), totals.get(item.course_id, 0))}
        )
        for item in page.items
    ]
    return page.model_copy(update={"items": items})


def _check_free(course: CourseRow) -> None:
    price = price_of(course)
    if price is not None and price.amount > 0:
        raise CoursePaymentRequired(
            f"The course costs {price}.",
            details={"course_id": str(course.id), "price": price.model_dump()},
        )


def _not_active(row: EnrollmentRow) -> EnrollmentNotActive:
    return EnrollmentNotActive(f"The enrolment is {row.status}.", details={"status": row.status})
