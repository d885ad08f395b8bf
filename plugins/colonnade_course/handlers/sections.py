"""Operations on sections, their order and the outline of a course."""

from sqlalchemy import select

from colonnade.idempotency import once_if_keyed
from colonnade.lookups import absent, changeable, flush, permitted, require_new
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.pagination import Listing, Page, SortKey, paginate
from colonnade.patches import assign
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_course.api import (
    MAXIMUM_SECTIONS,
    CreateSection,
    DeleteSection,
    GetOutline,
    GetSection,
    ListSections,
    OrderSections,
    Outline,
    Section,
    SectionInUse,
    TooLarge,
    UpdateSection,
)
from colonnade_course.enrollment.completion import complete_finished_enrollments
from colonnade_course.models import CourseRow, LessonRow, SectionRow
from colonnade_course.outline.external_ids import check_external_id, external_id_taken
from colonnade_course.outline.ordering import arrange, make_room
from colonnade_course.outline.structure import outline_of, sections_of
from colonnade_course.presentation import present_section
from colonnade_course.resources import COURSE, SECTION

SECTIONS = Listing(
    SectionRow, SECTION, course_id=SectionRow.course_id, external_id=SectionRow.external_id
)
IN_ORDER = [SortKey(SectionRow.position), SortKey(SectionRow.id)]


class SectionHandlers:
    """Handlers of the operations on sections."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(CreateSection)
    async def create_section(self, request: CreateSection, call: Call) -> Section:
        """Add a section at its position."""

        def work(session: Session) -> Section:
            if session.get(CourseRow, request.course_id) is None:
                raise absent("course")
            section = SectionRow(
                id=self._ctx.new_id(),
                course_id=request.course_id,
                title=request.title,
                position=0,
                required=request.required,
                external_id=request.external_id,
            )
            require_new(session, call, SECTION, section, "course")
            siblings = sections_of(session, request.course_id)
            if len(siblings) >= MAXIMUM_SECTIONS:
                raise TooLarge(f"A course may have {MAXIMUM_SECTIONS} sections at most.")
            check_external_id(session, section)
            section.position = make_room(siblings, request.position)
            session.add(section)
            flush(session, external_id_taken(section))
            return present_section(section)

        return await self._ctx.store.run(once_if_keyed(call, request, work))

    @handles(ListSections)
    async def list_sections(self, request: ListSections, call: Call) -> Page[Section]:
        """List the sections of a course, as far as the caller may see them."""
        query = SECTIONS.query(call, course_id=request.course_id, external_id=request.external_id)
        return await self._ctx.store.read(
            lambda session: paginate(session, query, IN_ORDER, request, present_section)
        )

    @handles(GetSection)
    async def get_section(self, request: GetSection, call: Call) -> Section:
        """Return one section."""

        def work(session: Session) -> Section:
            row = permitted(session, call, SECTION, SectionRow, request.section_id)
            return present_section(row)

        return await self._ctx.store.read(work)

    @handles(UpdateSection)
    async def update_section(self, request: UpdateSection, call: Call) -> Section:
        """Change the fields given; a new position moves the sections behind it."""
        values = request.given("title", "position", "required", "external_id")

        def work(session: Session) -> Section:
            section = changeable(session, call, SECTION, SectionRow, request.section_id)
            position = values.get("position", section.position)
            if position != section.position:
                siblings = sections_of(session, section.course_id)
                make_room([row for row in siblings if row is not section], position)
            assign(section, values)
            # Before the flush: the error then names the other section, which the index cannot.
            with session.no_autoflush:
                check_external_id(session, section)
            flush(session, external_id_taken(section))
            call.require(session, SECTION, section)
            if "required" in values:
                complete_finished_enrollments(session, section.course_id)
            return present_section(section)

        return await self._ctx.store.run(work)

    @handles(DeleteSection)
    async def delete_section(self, request: DeleteSection, call: Call) -> Empty:
        """Delete a section without lessons."""

        def work(session: Session) -> Empty:
            section = changeable(session, call, SECTION, SectionRow, request.section_id)
            lessons = select(LessonRow.id).where(LessonRow.section_id == section.id)
            if session.scalar(lessons.limit(1)) is not None:
                raise SectionInUse("The section has lessons; move or delete them first.")
            session.delete(section)
            return Empty()

        return await self._ctx.store.run(work)

    @handles(OrderSections)
    async def order_sections(self, request: OrderSections, call: Call) -> Outline:
        """Put the sections of a course in the given order."""

        def work(session: Session) -> Outline:
            course = permitted(session, call, COURSE, CourseRow, request.course_id)
            arrange(sections_of(session, course.id), request.ids, "sections of the course")
            session.flush()
            return outline_of(session, course.id)

        return await self._ctx.store.run(work)

    @handles(GetOutline)
    async def get_outline(self, request: GetOutline, call: Call) -> Outline:
        """Return the sections and lessons of a course, in order."""

        def work(session: Session) -> Outline:
            permitted(session, call, COURSE, CourseRow, request.course_id)
            return outline_of(session, request.course_id)

        return await self._ctx.store.read(work)
