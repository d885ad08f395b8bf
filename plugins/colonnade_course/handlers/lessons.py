"""Operations on lessons and their order."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select

from colonnade.errors import FieldError, ValidationFailed
from colonnade.idempotency import once_if_keyed
from colonnade.lookups import absent, changeable, flush, permitted, require_new
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.pagination import Listing, Page, SortKey, paginate
from colonnade.patches import assign
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_content.api import ListPublishableContent
from colonnade_course.api import (
    MAXIMUM_LESSONS,
    CreateLesson,
    DeleteLesson,
    GetLesson,
    Lesson,
    ListLessons,
    OrderLessons,
    Outline,
    TooLarge,
    UpdateLesson,
)
from colonnade_course.enrollment.completion import complete_finished_enrollments
from colonnade_course.models import CourseRow, LessonProgressRow, LessonRow, SectionRow
from colonnade_course.outline.external_ids import check_external_id, external_id_taken
from colonnade_course.outline.ordering import arrange, make_room
from colonnade_course.outline.structure import lessons_of, outline_of
from colonnade_course.presentation import present_lesson
from colonnade_course.publishing.events import publish_lesson_content, publish_lesson_removed
from colonnade_course.resources import LESSON, SECTION

_SECTION_POSITION = (
    select(SectionRow.position)
    .where(SectionRow.id == LessonRow.section_id)
    .correlate_except(SectionRow)
    .scalar_subquery()
)
IN_ORDER = [
    SortKey(LessonRow.course_id),
    SortKey(_SECTION_POSITION, name="LessonRow.section_position"),
    SortKey(LessonRow.section_id),
    SortKey(LessonRow.position),
    SortKey(LessonRow.id),
]

CHANGEABLE = (
    "section_id",
    "title",
    "position",
    "content_id",
    "preview",
    "completion",
    "required",
    "duration_minutes",
    "external_id",
)
FILTERS = ("course_id", "section_id", "content_id", "external_id")
LESSONS = Listing(LessonRow, LESSON, **{name: getattr(LessonRow, name) for name in FILTERS})


class LessonHandlers:
    """Handlers of the operations on lessons."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(CreateLesson)
    async def create_lesson(self, request: CreateLesson, call: Call) -> Lesson:
        """Add a lesson at its position."""
        await self._require_publishable(request.content_id)

        def work(session: Session) -> Lesson:
            section = session.get(SectionRow, request.section_id)
            if section is None:
                raise absent("section")
            lesson = _new_lesson(request, section, self._ctx.new_id())
            require_new(session, call, LESSON, lesson, "section")
            _check_room(session, section.course_id)
            check_external_id(session, lesson)
            lesson.position = make_room(lessons_of(session, section.id), request.position)
            session.add(lesson)
            flush(session, external_id_taken(lesson))
            if lesson.content_id is not None:
                publish_lesson_content(session, _course_of(session, lesson), lesson)
            return present_lesson(lesson)

        return await self._ctx.store.run(once_if_keyed(call, request, work))

    @handles(ListLessons)
    async def list_lessons(self, request: ListLessons, call: Call) -> Page[Lesson]:
        """List the lessons the caller may see, in the order of their course."""
        query = LESSONS.query(call, **{name: getattr(request, name) for name in FILTERS})
        return await self._ctx.store.read(
            lambda session: paginate(session, query, IN_ORDER, request, present_lesson)
        )

    @handles(GetLesson)
    async def get_lesson(self, request: GetLesson, call: Call) -> Lesson:
        """Return one lesson."""

        def work(session: Session) -> Lesson:
            return present_lesson(permitted(session, call, LESSON, LessonRow, request.lesson_id))

        return await self._ctx.store.read(work)

    @handles(UpdateLesson)
    async def update_lesson(self, request: UpdateLesson, call: Call) -> Lesson:
        """Change the fields given; a new position moves the lessons behind it."""
        values = request.given(*CHANGEABLE)
        await self._require_publishable(await self._newly_shown(request, call))

        def work(session: Session) -> Lesson:
            lesson = changeable(session, call, LESSON, LessonRow, request.lesson_id)
            shown = (lesson.content_id, lesson.preview)
            _move(session, lesson, dict(values))
            # Before the flush: the error then names the other lesson, which the index cannot.
            with session.no_autoflush:
                check_external_id(session, lesson)
            flush(session, external_id_taken(lesson))
            call.require(session, LESSON, lesson)
            if shown != (lesson.content_id, lesson.preview):
                publish_lesson_content(session, _course_of(session, lesson), lesson)
            if "required" in values or "section_id" in values:
                complete_finished_enrollments(session, lesson.course_id)
            return present_lesson(lesson)

        return await self._ctx.store.run(work)

    @handles(DeleteLesson)
    async def delete_lesson(self, request: DeleteLesson, call: Call) -> Empty:
        """Delete a lesson with the progress in it.

        Enrolments in which all other required lessons are completed are completed with it.
        """

        def work(session: Session) -> Empty:
            lesson = changeable(session, call, LESSON, LessonRow, request.lesson_id)
            course = _course_of(session, lesson)
            if lesson.content_id is not None:
                publish_lesson_content(session, course, lesson, removed=True)
            publish_lesson_removed(session, course, lesson)
            done = LessonProgressRow.lesson_id == lesson.id
            session.execute(delete(LessonProgressRow).where(done))
            session.delete(lesson)
            session.flush()
            complete_finished_enrollments(session, course.id)
            return Empty()

        return await self._ctx.store.run(work)

    async def _newly_shown(self, request: UpdateLesson, call: Call) -> UUID | None:
        """Return the content that the lesson does not show yet."""

        def shown(session: Session) -> UUID | None:
            lesson = permitted(session, call, LESSON, LessonRow, request.lesson_id)
            return lesson.content_id

        if request.content_id is None:
            return None
        is_shown = await self._ctx.store.read(shown) == request.content_id
        return None if is_shown else request.content_id

    async def _require_publishable(self, content_id: UUID | None) -> None:
        """Ask the content service, as the caller, whether they may show the content to readers."""
        if content_id is None:
            return
        found = await self._ctx.ask(ListPublishableContent(ids=[content_id]))
        if content_id not in found.ids:
            message = "names no content item that you may show"
            raise ValidationFailed(fields=[FieldError("/content_id", message, "unknown")])

    @handles(OrderLessons)
    async def order_lessons(self, request: OrderLessons, call: Call) -> Outline:
        """Put the lessons of a section in the given order."""

        def work(session: Session) -> Outline:
            section = permitted(session, call, SECTION, SectionRow, request.section_id)
            arrange(lessons_of(session, section.id), request.ids, "lessons of the section")
            session.flush()
            return outline_of(session, section.course_id)

        return await self._ctx.store.run(work)


def _new_lesson(request: CreateLesson, section: SectionRow, lesson_id: UUID) -> LessonRow:
    return LessonRow(
        id=lesson_id,
        course_id=section.course_id,
        section_id=section.id,
        title=request.title,
        position=0,
        content_id=request.content_id,
        preview=request.preview,
        completion=request.completion,
        required=request.required,
        duration_minutes=request.duration_minutes,
        external_id=request.external_id,
    )


def _move(session: Session, lesson: LessonRow, values: dict[str, Any]) -> None:
    section_id = values.get("section_id", lesson.section_id)
    moves = section_id != lesson.section_id
    if moves:
        _check_section(session, lesson, section_id)
    position = values.get("position", None if moves else lesson.position)
    if moves or position != lesson.position:
        siblings = [row for row in lessons_of(session, section_id) if row is not lesson]
        values["position"] = make_room(siblings, position)
    assign(lesson, values)


def _check_section(session: Session, lesson: LessonRow, section_id: UUID) -> None:
    section = session.get(SectionRow, section_id)
    if section is None or section.course_id != lesson.course_id:
        message = "is not a section of the lesson's course"
        raise ValidationFailed(fields=[FieldError("/section_id", message, "foreign")])


def _course_of(session: Session, lesson: LessonRow) -> CourseRow:
    return session.get_one(CourseRow, lesson.course_id)


def _check_room(session: Session, course_id: UUID) -> None:
    lessons = select(func.count()).where(LessonRow.course_id == course_id)
    if session.scalars(lessons).one() >= MAXIMUM_LESSONS:
        raise TooLarge(f"A course may have {MAXIMUM_LESSONS} lessons at most.")
