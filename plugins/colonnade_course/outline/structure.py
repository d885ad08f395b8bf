"""Structure of a course: its sections and lessons, in order."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from colonnade.store import Session
from colonnade_course.api import Outline, OutlineSection
from colonnade_course.models import CourseRow, LessonRow, SectionRow
from colonnade_course.presentation import present_course, present_outline_lesson


def sections_of(session: Session, course_id: UUID) -> Sequence[SectionRow]:
    """List the sections of a course, in order."""
    query = select(SectionRow).where(SectionRow.course_id == course_id)
    return session.scalars(query.order_by(SectionRow.position, SectionRow.id)).all()


def lessons_of(session: Session, section_id: UUID) -> Sequence[LessonRow]:
    """List the lessons of a section, in order."""
    query = select(LessonRow).where(LessonRow.section_id == section_id)
    return session.scalars(query.order_by(LessonRow.position, LessonRow.id)).all()


def outline_of(session: Session, course_id: UUID) -> Outline:
    """Read a course with its sections and lessons, in order."""
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
    course = present_course(session.get_one(CourseRow, course_id))
    return Outline(course_id=course_id, course=course, sections=sections)
