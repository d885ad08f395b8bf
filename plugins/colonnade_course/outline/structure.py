"""The order of sections in a course and of lessons in a section."""

from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy import select

from colonnade.errors import FieldError, ValidationFailed
from colonnade.store import Session
from colonnade_course.api import Outline, OutlineSection
from colonnade_course.enrollment.progress import Step
from colonnade_course.models import LessonRow, SectionRow
from colonnade_course.presentation import present_outline_lesson


class Placed(Protocol):
    """Something with a place among its siblings."""

    id: UUID
    position: int


PlacedT = TypeVar("PlacedT", bound=Placed)


def make_room(siblings: Sequence[Placed], position: int | None) -> int:
    """The place for a newcomer among `siblings`: `position`, or behind the last one.

    Where that place is taken, it and those behind move back by one.
    """
    if position is None:
        return max((sibling.position for sibling in siblings), default=0) + 1
    if any(sibling.position == position for sibling in siblings):
        for sibling in siblings:
            if sibling.position >= position:
                sibling.position += 1
    return position


def arrange(siblings: Sequence[PlacedT], ids: Sequence[UUID], noun: str) -> None:
    """Give `siblings` the places 1, 2, … in the order of `ids`.

    Raises:
        ValidationFailed: when `ids` does not name each of them exactly once.
    """
    by_id = {sibling.id: sibling for sibling in siblings}
    if len(ids) != len(by_id) or set(ids) != set(by_id):
        message = f"must name each of the {len(by_id)} {noun} exactly once"
        raise ValidationFailed(fields=[FieldError("/ids", message, "incomplete")])
    for position, wanted in enumerate(ids, start=1):
        if by_id[wanted].position != position:
            by_id[wanted].position = position


def sections_of(session: Session, course_id: UUID) -> Sequence[SectionRow]:
    """The sections of a course, in order."""
    query = select(SectionRow).where(SectionRow.course_id == course_id)
    return session.scalars(query.order_by(SectionRow.position, SectionRow.id)).all()


def lessons_of(session: Session, section_id: UUID) -> Sequence[LessonRow]:
    """The lessons of a section, in order."""
    query = select(LessonRow).where(LessonRow.section_id == section_id)
    return session.scalars(query.order_by(LessonRow.position, LessonRow.id)).all()


def steps_of(session: Session, course_id: UUID) -> list[Step]:
    """The lessons of a course, in order, as progress sees them."""
    query = (
        select(LessonRow.id, LessonRow.required, SectionRow.required)
        .join(SectionRow, SectionRow.id == LessonRow.section_id)
        .where(LessonRow.course_id == course_id)
        .order_by(SectionRow.position, SectionRow.id, LessonRow.position, LessonRow.id)
    )
    return [Step(id_, lesson and section) for id_, lesson, section in session.execute(query)]


def outline_of(session: Session, course_id: UUID) -> Outline:
    """Everything in a course, in order."""
    query = select(LessonRow).where(LessonRow.course_id == course_id)
    by_section: dict[UUID, list[LessonRow]] = {}
    for lesson in session.scalars(query.order_by(LessonRow.position, LessonRow.id)):
        by_section.setdefault(lesson.section_id, []).append(lesson)
    sections = [
        OutlineSection(
            id=section.id,
            title=section.title,
            position=section.position,
            required=section.required,
            lessons=[
                present_outline_lesson(row, section) for row in by_section.get(section.id, [])
            ],
        )
        for section in sections_of(session, course_id)
    ]
    return Outline(course_id=course_id, sections=sections)
