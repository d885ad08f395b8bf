"""Operations of people on enrolments, and on the progress in them."""

from sqlalchemy import select

from colonnade.idempotency import once_if_keyed
from colonnade.lookups import absent, changeable, permitted
from colonnade.operations import Call, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_course.api import (
    CoursePaymentRequired,
    CreateEnrollment,
    EndEnrollment,
    EnrollmentActivated,
    EnrollmentDetail,
    EnrollmentNotActive,
    GetEnrollment,
    LessonCompleted,
    ListedEnrollment,
    ListEnrollments,
    RecordLessonProgress,
)
from colonnade_course.enrollment.completion import (
    complete_enrollment,
    required_done,
    required_totals,
)
from colonnade_course.enrollment.details import LessonsDone, enrollment_detail, lessons_done
from colonnade_course.enrollment.enrolling import new_enrollment, published_course
from colonnade_course.enrollment.included import with_included
from colonnade_course.enrollment.progress import is_finished, share
from colonnade_course.enrollment.seats import check_not_enrolled, end_enrollment, take_seat
from colonnade_course.models import CourseRow, EnrollmentRow, LessonProgressRow, LessonRow
from colonnade_course.presentation import present_listed, price_of
from colonnade_course.publishing.events import publish_enrollment_event
from colonnade_course.resources import ENROLLMENT
from colonnade_course.states import ENROLLED_STATES, EndReason, EnrollmentState

ORDERS = {
    "-created_at": [SortKey(EnrollmentRow.created_at, descending=True), SortKey(EnrollmentRow.id)],
    "created_at": [SortKey(EnrollmentRow.created_at), SortKey(EnrollmentRow.id)],
}


class EnrollmentHandlers:
    """Handlers of the operations on enrolments."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(CreateEnrollment)
    async def create_enrollment(self, request: CreateEnrollment, call: Call) -> EnrollmentDetail:
        """Enrol the caller in a free course."""
        user_id = call.require_person("Only a person can enrol; sign in as one.")

        def work(session: Session) -> EnrollmentDetail:
            course = published_course(session, request.course_id)
            enrollment = new_enrollment(self._ctx.new_id(), course.id, user_id, session.now)
            call.require(session, ENROLLMENT, enrollment)
            check_not_enrolled(session, course.id, user_id)
            _check_free(course)
            take_seat(session, course, enrollment)
            publish_enrollment_event(session, EnrollmentActivated, enrollment)
            return enrollment_detail(enrollment, lessons_done(session, enrollment))

        return await self._ctx.store.run(once_if_keyed(call, request, work))

    @handles(ListEnrollments)
    async def list_enrollments(
        self, request: ListEnrollments, call: Call
    ) -> Page[ListedEnrollment]:
        """List the enrolments the caller may see, with what is included."""
        query = select(EnrollmentRow).where(call.visible(ENROLLMENT))
        if request.course_id is not None:
            query = query.where(EnrollmentRow.course_id == request.course_id)
        if request.user_id is not None:
            query = query.where(EnrollmentRow.user_id == request.user_id)
        if request.status is not None:
            query = query.where(EnrollmentRow.status == request.status)

        def work(session: Session) -> Page[ListedEnrollment]:
            page = paginate(session, query, ORDERS[request.sort], request, present_listed)
            return _with_progress(session, page)

        page = await self._ctx.store.read(work)
        return await with_included(self._ctx.ask, page, request.include)

    @handles(GetEnrollment)
    async def get_enrollment(self, request: GetEnrollment, call: Call) -> EnrollmentDetail:
        """Return one enrolment with its progress."""

        def work(session: Session) -> EnrollmentDetail:
            row = permitted(session, call, ENROLLMENT, EnrollmentRow, request.enrollment_id)
            return enrollment_detail(row, lessons_done(session, row))

        return await self._ctx.store.read(work)

    @handles(EndEnrollment)
    async def end_enrollment(self, request: EndEnrollment, call: Call) -> EnrollmentDetail:
        """Leave a course. A pending enrolment is released by the service that reserved it."""

        def work(session: Session) -> EnrollmentDetail:
            row = changeable(session, call, ENROLLMENT, EnrollmentRow, request.enrollment_id)
            if row.status == EnrollmentState.PENDING:
                raise _not_active(row)
            end_enrollment(session, row, EndReason.LEFT)
            session.flush()
            call.require(session, ENROLLMENT, row)
            return enrollment_detail(row, lessons_done(session, row))

        return await self._ctx.store.run(work)

    @handles(RecordLessonProgress)
    async def record_lesson_progress(
        self, request: RecordLessonProgress, call: Call
    ) -> EnrollmentDetail:
        """Record that a lesson was started or completed."""
        completes = request.status == "completed"

        def work(session: Session) -> EnrollmentDetail:
            row = changeable(session, call, ENROLLMENT, EnrollmentRow, request.enrollment_id)
            lesson = session.get(LessonRow, request.lesson_id)
            if lesson is None or lesson.course_id != row.course_id:
                raise absent("lesson")
            if row.status not in ENROLLED_STATES:
                raise _not_active(row)
            completed = _record(session, row, lesson, completes or lesson.completion == "view")
            done = lessons_done(session, row)
            if completed:
                _publish_completion(session, row, lesson, done)
            session.flush()
            call.require(session, ENROLLMENT, row)
            return enrollment_detail(row, done)

        return await self._ctx.store.run(work)


def _record(session: Session, row: EnrollmentRow, lesson: LessonRow, completes: bool) -> bool:
    """Write what was done of a lesson; answers whether it was completed just now."""
    done = session.get(LessonProgressRow, (row.id, lesson.id))
    newly_completed = completes and (done is None or done.completed_at is None)
    if done is None:
        done = LessonProgressRow(enrollment_id=row.id, lesson_id=lesson.id, started_at=session.now)
        session.add(done)
    elif not newly_completed and row.last_lesson_id == lesson.id:
        return False
    if newly_completed:
        done.completed_at = session.now
    row.last_lesson_id = lesson.id
    # Also where no other column changes: the row's version stands for the progress in it, and
    # two devices of a learner that write at once have to conflict on this row.
    row.updated_at = session.now
    session.flush()
    return newly_completed


def _publish_completion(
    session: Session, row: EnrollmentRow, lesson: LessonRow, done: LessonsDone
) -> None:
    session.publish(
        LessonCompleted(
            enrollment_id=row.id,
            lesson_id=lesson.id,
            course_id=row.course_id,
            user_id=row.user_id,
            progress=done.percentage,
        )
    )
    if is_finished(done.steps, set(done.completed)):
        complete_enrollment(session, row)


def _with_progress(session: Session, page: Page[ListedEnrollment]) -> Page[ListedEnrollment]:
    if not page.items:
        return page
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
