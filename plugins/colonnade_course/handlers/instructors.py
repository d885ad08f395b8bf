"""Operations on the instructors of a course."""

from uuid import UUID

from sqlalchemy import Select, func, select

from colonnade.errors import NotFound
from colonnade.idempotency import once_if_keyed
from colonnade.lookups import absent, permitted
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.pagination import Listing, Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_course.api import (
    MAXIMUM_INSTRUCTORS,
    AddInstructor,
    Instructor,
    ListInstructors,
    NotATeacher,
    RemoveInstructor,
    TooLarge,
)
from colonnade_course.models import CourseRow, InstructorRow
from colonnade_course.presentation import present_instructor
from colonnade_course.publishing.events import publish_instructor_event
from colonnade_course.resources import COURSE
from colonnade_user.api import GetUser

TEACHING = Listing(
    InstructorRow, None, InstructorRow.active.is_(True), course_id=InstructorRow.course_id
)
LONGEST_FIRST = [SortKey(InstructorRow.since), SortKey(InstructorRow.user_id)]


class InstructorHandlers:
    """Handlers of the operations on instructors."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(ListInstructors)
    async def list_instructors(self, request: ListInstructors, call: Call) -> Page[Instructor]:
        """List the instructors of a course the caller may see."""

        def work(session: Session) -> Page[Instructor]:
            permitted(session, call, COURSE, CourseRow, request.course_id)
            query = TEACHING.query(call, course_id=request.course_id)
            return paginate(session, query, LONGEST_FIRST, request, present_instructor)

        return await self._ctx.store.read(work)

    @handles(AddInstructor)
    async def add_instructor(self, request: AddInstructor, call: Call) -> Instructor:
        """Add an instructor; an active one stays as they are."""

        def permit(session: Session) -> None:
            permitted(session, call, COURSE, CourseRow, request.course_id)

        # Before anything else: the answer must not disclose to strangers who has an account.
        await self._ctx.store.read(permit)
        await self._require_instructor(request.user_id)

        def work(session: Session) -> Instructor:
            permit(session)
            row = session.get(InstructorRow, (request.course_id, request.user_id))
            if row is None:
                row = InstructorRow(
                    course_id=request.course_id,
                    user_id=request.user_id,
                    active=False,
                    since=session.now,
                )
            if row.active:
                return present_instructor(row)
            _check_room(session, request.course_id)
            row.active = True
            row.since = session.now
            session.add(row)
            publish_instructor_event(session, row)
            return present_instructor(row)

        return await self._ctx.store.run(once_if_keyed(call, request, work))

    @handles(RemoveInstructor)
    async def remove_instructor(self, request: RemoveInstructor, call: Call) -> Empty:
        """Remove an instructor; one may remove oneself."""

        def work(session: Session) -> Empty:
            permitted(session, call, COURSE, CourseRow, request.course_id)
            row = session.get(InstructorRow, (request.course_id, request.user_id))
            if row is None or not row.active:
                raise absent("instructor")
            row.active = False
            publish_instructor_event(session, row)
            return Empty()

        return await self._ctx.store.run(work)

    async def _require_instructor(self, user_id: UUID) -> None:
        """Refuse users who may not teach: nobody else may earn with a course.

        Raises:
            NotATeacher: the user has no account, or is a learner.
        """
        try:
            with self._ctx.as_service():
                await self._ctx.ask(GetUser(user_id=user_id))
        except NotFound:
            raise NotATeacher(
                f"Nobody of the id {user_id} has an account here whose role is instructor, admin "
                "or owner."
            ) from None


def _teaching(course_id: UUID) -> Select[InstructorRow]:
    return select(InstructorRow).where(
        InstructorRow.course_id == course_id, InstructorRow.active.is_(True)
    )


def _check_room(session: Session, course_id: UUID) -> None:
    number = session.scalar(select(func.count()).select_from(_teaching(course_id).subquery()))
    if (number or 0) >= MAXIMUM_INSTRUCTORS:
        raise TooLarge(f"A course may have {MAXIMUM_INSTRUCTORS} instructors at most.")
