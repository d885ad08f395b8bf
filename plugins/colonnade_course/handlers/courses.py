"""Operations on courses."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, bindparam, cast, delete, exists, false, select

from colonnade.errors import FieldError, ValidationFailed
from colonnade.idempotency import once_if_keyed
from colonnade.identifiers import listed_ids
from colonnade.lookups import changeable, flush, permitted
from colonnade.messages import Empty
from colonnade.money import Money
from colonnade.operations import Call, handles
from colonnade.pagination import Listing, Page, SortKey, paginate
from colonnade.patches import assign
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade.text import ESCAPE, containing, folded
from colonnade_content.api import ListPublishableMedia
from colonnade_course.api import (
    Course,
    CourseCreated,
    CourseDeleted,
    CourseInUse,
    CoursePublished,
    CourseUnpublished,
    CourseUpdated,
    CreateCourse,
    DeleteCourse,
    DuplicateExternalId,
    GetCourse,
    ListCourses,
    PublishCourse,
    SlugTaken,
    UnpublishCourse,
    UpdateCourse,
)
from colonnade_course.models import (
    CourseCounterRow,
    CourseRow,
    EnrollmentRow,
    InstructorRow,
    LessonProgressRow,
    LessonRow,
    ReservationRow,
    SectionRow,
)
from colonnade_course.presentation import present_course
from colonnade_course.publishing.events import (
    counter_of,
    publish_course_event,
    publish_instructor_event,
    publish_lesson_contents,
)
from colonnade_course.resources import COURSE
from colonnade_course.states import CourseState

ORDERS = {
    "-created_at": [SortKey(CourseRow.created_at, descending=True), SortKey(CourseRow.id)],
    "created_at": [SortKey(CourseRow.created_at), SortKey(CourseRow.id)],
    "title": [SortKey(CourseRow.folded_title), SortKey(CourseRow.id)],
}
COURSES = Listing(
    CourseRow,
    COURSE,
    slug=CourseRow.slug,
    status=CourseRow.status,
    external_id=CourseRow.external_id,
    q=CourseRow.folded_title.like(bindparam("q"), escape=ESCAPE),
)

CHANGEABLE = (
    *("slug", "summary", "seats", "language", "license", "attribution", "external_id"),
    *("description", "level", "categories", "cover_media_id"),
)


class CourseHandlers:
    """Handlers of the operations on courses."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(CreateCourse)
    async def create_course(self, request: CreateCourse, call: Call) -> Course:
        """Create a draft; a person who creates one teaches it."""
        tenant = self._ctx.tenant()
        _check_currency(request.price, tenant.currency)
        await self._require_publishable(request.cover_media_id)

        def work(session: Session) -> Course:
            course = _new_course(request, call, request.language or tenant.locale)
            course.id = self._ctx.new_id()
            call.require(session, COURSE, course)
            _check_unique(session, course)
            session.add(course)
            flush(session, _taken(course))
            _let_creator_teach(session, call, course)
            # After the statements of the others: it is written once, with its first sequence.
            session.add(CourseCounterRow(course_id=course.id, seats_taken=0, sequence=0))
            publish_course_event(session, CourseCreated, course)
            return present_course(course)

        return await self._ctx.store.run(once_if_keyed(call, request, work))

    @handles(ListCourses)
    async def list_courses(self, request: ListCourses, call: Call) -> Page[Course]:
        """List the courses the caller may see, in the order asked for."""
        query = COURSES.query(
            call,
            slug=request.slug,
            status=request.status,
            external_id=request.external_id,
            q=None if request.q is None else containing(folded(request.q)),
        )
        if request.ids is not None:
            query = query.narrowed(CourseRow.id.in_(listed_ids(request.ids)))
        if request.teaches is not None:
            query = query.narrowed(_taught_by(call))
        for condition in _catalogued(request):
            query = query.narrowed(condition)

        order = ORDERS[request.sort]
        return await self._ctx.store.read(
            lambda session: paginate(session, query, order, request, present_course)
        )

    @handles(GetCourse)
    async def get_course(self, request: GetCourse, call: Call) -> Course:
        """Return one course. It is read by primary key alone: the answer is cached by rows read."""

        def work(session: Session) -> Course:
            return present_course(permitted(session, call, COURSE, CourseRow, request.course_id))

        return await self._ctx.store.read(work)

    @handles(UpdateCourse)
    async def update_course(self, request: UpdateCourse, call: Call) -> Course:
        """Change the fields given."""
        values = request.given("title", "price", *CHANGEABLE)
        _check_currency(values.get("price"), self._ctx.tenant().currency)
        await self._require_publishable(await self._new_cover(request, call))

        def work(session: Session) -> Course:
            course = changeable(session, call, COURSE, CourseRow, request.course_id)
            _apply(course, dict(values))
            if not session.is_modified(course):
                return present_course(course)
            # Before the flush: the error then names the other course, which the index cannot.
            with session.no_autoflush:
                _check_unique(session, course)
            flush(session, _taken(course))
            call.require(session, COURSE, course)
            publish_course_event(session, CourseUpdated, course)
            return present_course(course)

        return await self._ctx.store.run(work)

    @handles(DeleteCourse)
    async def delete_course(self, request: DeleteCourse, call: Call) -> Empty:
        """Delete a course that has no learners, with everything in it."""

        def work(session: Session) -> Empty:
            course = changeable(session, call, COURSE, CourseRow, request.course_id)
            taken = counter_of(session, course).seats_taken
            if taken:
                raise CourseInUse(
                    f"{taken} enrolments of the course have not ended; end them first.",
                    details={"enrollments": taken},
                )
            publish_lesson_contents(session, course, removed=True)
            publish_course_event(session, CourseDeleted, course)
            session.flush()
            _delete_everything(session, course)
            return Empty()

        return await self._ctx.store.run(work)

    @handles(PublishCourse)
    async def publish_course(self, request: PublishCourse, call: Call) -> Course:
        """Show a course to everybody."""
        return await self._set_status(request.course_id, call, CourseState.PUBLISHED)

    @handles(UnpublishCourse)
    async def unpublish_course(self, request: UnpublishCourse, call: Call) -> Course:
        """Make a course a draft again."""
        return await self._set_status(request.course_id, call, CourseState.DRAFT)

    async def _new_cover(self, request: UpdateCourse, call: Call) -> UUID | None:
        """Return the cover that the course does not have yet."""

        def cover(session: Session) -> UUID | None:
            return permitted(session, call, COURSE, CourseRow, request.course_id).cover_media_id

        if request.cover_media_id is None:
            return None
        is_cover = await self._ctx.store.read(cover) == request.cover_media_id
        return None if is_cover else request.cover_media_id

    async def _require_publishable(self, media_id: UUID | None) -> None:
        """Ask the content service, as the caller, whether they may show the picture to readers."""
        if media_id is None:
            return
        found = await self._ctx.ask(ListPublishableMedia(ids=[media_id]))
        if media_id not in found.ids:
            message = "names no picture that you may show"
            raise ValidationFailed(fields=[FieldError("/cover_media_id", message, "unknown")])

    async def _set_status(self, course_id: UUID, call: Call, status: CourseState) -> Course:
        def work(session: Session) -> Course:
            course = changeable(session, call, COURSE, CourseRow, course_id)
            if course.status == status:
                return present_course(course)
            published = status is CourseState.PUBLISHED
            course.status = status
            course.published_at = session.now if published else None
            session.flush()
            call.require(session, COURSE, course)
            publish_course_event(
                session, CoursePublished if published else CourseUnpublished, course
            )
            publish_lesson_contents(session, course)
            return present_course(course)

        return await self._ctx.store.run(work)


def _taught_by(call: Call) -> ColumnElement[bool]:
    """Courses whose instructor the caller is; none for whoever is no person."""
    person = call.person_id
    if person is None:
        return false()
    return exists().where(
        InstructorRow.course_id == CourseRow.id,
        InstructorRow.user_id == person,
        InstructorRow.active,
    )


def _catalogued(request: ListCourses) -> Iterator[ColumnElement[bool]]:
    """What a catalogue is narrowed by."""
    if request.level is not None:
        yield CourseRow.level == request.level
    if request.language is not None:
        yield CourseRow.language == request.language
    if request.category is not None:
        # A whole text of the list: within one, a quotation mark has a backslash before it.
        listed = cast(CourseRow.categories, String)
        yield listed.contains(json.dumps(request.category), autoescape=True)


def _new_course(request: CreateCourse, call: Call, language: str) -> CourseRow:
    return CourseRow(
        slug=request.slug,
        title=request.title,
        folded_title=folded(request.title),
        summary=request.summary,
        language=language,
        status=CourseState.DRAFT,
        price_amount=request.price.amount if request.price else None,
        price_currency=request.price.currency if request.price else None,
        seats=request.seats,
        license=request.license,
        attribution=request.attribution,
        external_id=request.external_id,
        created_by=call.principal_id,
        description=request.description,
        level=request.level,
        categories=request.categories,
        cover_media_id=request.cover_media_id,
    )


def _apply(course: CourseRow, values: dict[str, Any]) -> None:
    if "price" in values:
        price: Money | None = values.pop("price")
        amounts = (price.amount, price.currency) if price else (None, None)
        assign(course, dict(zip(("price_amount", "price_currency"), amounts, strict=True)))
    title = values.pop("title", course.title)
    if title != course.title:
        course.retitle(title)
    assign(course, values)


def _let_creator_teach(session: Session, call: Call, course: CourseRow) -> None:
    creator = call.person_id
    if creator is None:
        return
    instructor = InstructorRow(course_id=course.id, user_id=creator, active=True, since=session.now)
    session.add(instructor)
    publish_instructor_event(session, instructor)


def _check_currency(price: Money | None, currency: str) -> None:
    if price is None or price.currency == currency:
        return
    message = f"must be {currency}, the currency of this academy"
    raise ValidationFailed(fields=[FieldError("/price/currency", message, "currency")])


def _check_unique(session: Session, course: CourseRow) -> None:
    others = select(CourseRow.id).where(CourseRow.id != course.id)
    twin = session.scalar(others.where(CourseRow.slug == course.slug))
    if twin is not None:
        raise _taken(course, {"course_id": str(twin)})
    if course.external_id is None:
        return
    twin = session.scalar(others.where(CourseRow.external_id == course.external_id))
    if twin is not None:
        raise DuplicateExternalId(
            f"A course with the external id '{course.external_id}' exists.",
            details={"id": str(twin)},
            fields=[FieldError("/external_id", "is taken", "taken")],
        )


def _taken(course: CourseRow, details: dict[str, str] | None = None) -> SlugTaken:
    return SlugTaken(
        f"A course with the slug '{course.slug}' exists.",
        details=details,
        fields=[FieldError("/slug", "is taken", "taken")],
    )


def _delete_everything(session: Session, course: CourseRow) -> None:
    enrollments = select(EnrollmentRow.id).where(EnrollmentRow.course_id == course.id)
    for belonging in (ReservationRow, LessonProgressRow):
        session.execute(delete(belonging).where(belonging.enrollment_id.in_(enrollments)))
    for part in (EnrollmentRow, LessonRow, SectionRow, InstructorRow, CourseCounterRow):
        session.execute(delete(part).where(part.course_id == course.id))
    session.delete(course)
