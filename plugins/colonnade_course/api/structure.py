"""Operations on sections and lessons."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from colonnade.messages import Empty, Message, NotNull, Request
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page
from colonnade.patches import Patch
from colonnade.text import Line
from colonnade_course.api.courses import Outline
from colonnade_course.api.errors import DuplicateExternalId, SectionInUse, TooLarge
from colonnade_course.api.types import (
    MAXIMUM_LESSONS,
    MAXIMUM_SECTIONS,
    Completion,
    ExternalId,
    Minutes,
    Position,
)


class Section(Message):
    """A part of a course. Lessons of one that is not `required` do not count for progress."""

    id: UUID
    course_id: UUID
    title: str
    position: int
    required: bool
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    version: int


@operation(
    "course", action="section.create", errors=[DuplicateExternalId, TooLarge], per_day=10_000
)
class CreateSection(Request[Section]):
    """Add a section to a course; those at its position and behind move back by one."""

    course_id: UUID
    title: Line
    position: Position | None = Field(None, description="None: behind the last one.")
    required: bool = True
    external_id: ExternalId | None = Field(None, description="Unique in the course.")


@operation("course", action="section.read", idempotent=True, cached=True)
class ListSections(ListRequest[Page[Section]]):
    """List the sections of a course, in order."""

    course_id: UUID
    external_id: ExternalId | None = None


@operation("course", action="section.read", idempotent=True, cached=True)
class GetSection(Request[Section]):
    """Read a section."""

    section_id: UUID


@operation("course", action="section.update", errors=[DuplicateExternalId], per_day=10_000)
class UpdateSection(Patch[Section]):
    """Change a section."""

    section_id: UUID
    title: Annotated[Line | None, NotNull()] = None
    position: Annotated[Position | None, NotNull()] = None
    required: Annotated[bool | None, NotNull()] = None
    external_id: ExternalId | None = None


@operation("course", action="section.delete", errors=[SectionInUse], per_day=10_000)
class DeleteSection(Request[Empty]):
    """Delete a section that has no lessons."""

    section_id: UUID


@operation("course", action="course.arrange", per_day=5000)
class OrderSections(Request[Outline]):
    """Put the sections of a course in an order; `ids` names all of them, each once."""

    course_id: UUID
    ids: list[UUID] = Field(max_length=MAXIMUM_SECTIONS, json_schema_extra={"uniqueItems": True})


class Lesson(Message):
    """A step of a course.

    It is `view` when opening it completes it, `manual` when the learner says so. It counts for
    progress when it and its section are `required`.
    """

    id: UUID
    course_id: UUID
    section_id: UUID
    title: str
    position: int
    content_id: UUID | None
    preview: bool
    completion: Completion
    required: bool
    duration_minutes: int | None
    external_id: str | None
    created_at: datetime
    updated_at: datetime
    version: int


@operation("course", action="lesson.create", errors=[DuplicateExternalId, TooLarge], per_day=20_000)
class CreateLesson(Request[Lesson]):
    """Add a lesson to a section; those at its position and behind move back by one."""

    section_id: UUID
    title: Line
    position: Position | None = Field(None, description="None: behind the last one.")
    content_id: UUID | None = Field(None, description="What it shows.")
    preview: bool = Field(False, description="Whether everybody may read its content.")
    completion: Completion = "manual"
    required: bool = True
    duration_minutes: Minutes | None = None
    external_id: ExternalId | None = Field(None, description="Unique in the course.")


@operation("course", action="lesson.read", idempotent=True, cached=True)
class ListLessons(ListRequest[Page[Lesson]]):
    """List lessons the caller may see, in the order of their course."""

    course_id: UUID | None = None
    section_id: UUID | None = None
    content_id: UUID | None = None
    external_id: ExternalId | None = None


@operation("course", action="lesson.read", idempotent=True, cached=True)
class GetLesson(Request[Lesson]):
    """Read a lesson."""

    lesson_id: UUID


@operation("course", action="lesson.update", errors=[DuplicateExternalId], per_day=20_000)
class UpdateLesson(Patch[Lesson]):
    """Change a lesson; `section_id` moves it to another section of its course."""

    lesson_id: UUID
    section_id: Annotated[UUID | None, NotNull()] = None
    title: Annotated[Line | None, NotNull()] = None
    position: Annotated[Position | None, NotNull()] = None
    content_id: UUID | None = None
    preview: Annotated[bool | None, NotNull()] = None
    completion: Annotated[Completion | None, NotNull()] = None
    required: Annotated[bool | None, NotNull()] = None
    duration_minutes: Minutes | None = None
    external_id: ExternalId | None = None


@operation("course", action="lesson.delete", per_day=20_000)
class DeleteLesson(Request[Empty]):
    """Delete a lesson, and what learners did in it."""

    lesson_id: UUID


@operation("course", action="section.arrange", per_day=5000)
class OrderLessons(Request[Outline]):
    """Put the lessons of a section in an order; `ids` names all of them, each once."""

    section_id: UUID
    ids: list[UUID] = Field(max_length=MAXIMUM_LESSONS, json_schema_extra={"uniqueItems": True})
