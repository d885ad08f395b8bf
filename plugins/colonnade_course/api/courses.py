"""Operations on courses and the people who teach them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from colonnade.identifiers import IdList
from colonnade.messages import Empty, Message, NotNull, Request
from colonnade.money import Money, Price
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page
from colonnade.patches import Patch
from colonnade.text import Line
from colonnade_course.api.errors import (
    CourseInUse,
    DuplicateExternalId,
    NotATeacher,
    SlugTaken,
    TooLarge,
)
from colonnade_course.api.types import (
    Categories,
    Completion,
    CourseStatus,
    ExternalId,
    Language,
    Level,
    Markdown,
    Seats,
    Slug,
    Text,
)


class Course(Message):
    """A course. Without a price, or with one of 0, it is free."""

    id: UUID
    title: str
    slug: str
    summary: str
    status: CourseStatus
    price: Money | None
    seats: int | None
    language: str
    license: str | None
    attribution: str | None
    external_id: str | None
    created_by: str
    published_at: datetime | None
    description: str = ""
    level: Level | None = None
    categories: list[str] = Field(default_factory=list)
    cover_media_id: UUID | None = None
    created_at: datetime
    updated_at: datetime
    version: int


@operation("course", action="course.create", errors=[SlugTaken, DuplicateExternalId], per_day=1000)
class CreateCourse(Request[Course]):
    """Make a course, as a draft; a person who makes one teaches it."""

    title: Line
    slug: Slug
    summary: Text = ""
    price: Price | None = Field(None, description="In the academy's currency; none: free.")
    seats: Seats | None = Field(None, description="Enrolments at a time; none: no limit.")
    language: Language | None = Field(None, description="BCP 47; the academy's by default.")
    license: Line | None = Field(None, description="Such as an SPDX identifier.")
    attribution: Text | None = Field(None, description="Who made it, as its license asks.")
    external_id: ExternalId | None = Field(None, description="Unique in the academy.")
    description: Markdown = Field("", description="Markdown; whoever shows it renders it.")
    level: Level | None = None
    categories: Categories = Field(default_factory=list)
    cover_media_id: UUID | None = Field(
        None, description="A picture that whoever sets it may publish."
    )


@operation("course", action="course.read", idempotent=True, cached=True)
class ListCourses(ListRequest[Page[Course]]):
    """List the courses the caller may see, newest first unless `sort` says otherwise."""

    ids: IdList | None = Field(None, description="Ids, separated by commas; 100 at most.")
    teaches: Literal["me"] | None = Field(None, description="`me`: the courses one teaches.")
    slug: Slug | None = None
    status: CourseStatus | None = None
    external_id: ExternalId | None = None
    category: Line | None = None
    level: Level | None = None
    language: Language | None = None
    q: Line | None = Field(None, description="Part of the title.")
    sort: Literal["-created_at", "created_at", "title"] = "-created_at"


@operation("course", action="course.read", idempotent=True, cached=True)
class GetCourse(Request[Course]):
    """Read a course."""

    course_id: UUID


@operation(
    "course", action="course.update", errors=[SlugTaken, DuplicateExternalId], per_day=10_000
)
class UpdateCourse(Patch[Course]):
    """Change some of what a course says of itself; null takes an optional value away."""

    course_id: UUID
    title: Annotated[Line | None, NotNull()] = None
    slug: Annotated[Slug | None, NotNull()] = None
    summary: Annotated[Text | None, NotNull()] = None
    price: Price | None = None
    seats: Seats | None = None
    language: Annotated[Language | None, NotNull()] = None
    license: Line | None = None
    attribution: Text | None = None
    external_id: ExternalId | None = None
    description: Annotated[Markdown | None, NotNull()] = None
    level: Level | None = None
    categories: Annotated[Categories | None, NotNull()] = None
    cover_media_id: UUID | None = None


@operation("course", action="course.delete", errors=[CourseInUse], per_day=1000)
class DeleteCourse(Request[Empty]):
    """Delete a course with its sections and lessons, unless it has learners."""

    course_id: UUID


@operation("course", action="course.publish", idempotent=True, per_day=1000)
class PublishCourse(Request[Course]):
    """Show a course to everybody in the academy."""

    course_id: UUID


@operation("course", action="course.publish", idempotent=True, per_day=1000)
class UnpublishCourse(Request[Course]):
    """Make a course a draft again; enrolments stay."""

    course_id: UUID


class OutlineLesson(Message):
    """A lesson in an outline. `required` says whether it counts for progress."""

    id: UUID
    title: str
    position: int
    content_id: UUID | None
    preview: bool
    completion: Completion
    required: bool
    duration_minutes: int | None


class OutlineSection(Message):
    """A section in an outline, its lessons in order."""

    id: UUID
    title: str
    position: int
    required: bool
    lessons: list[OutlineLesson]


class Outline(Message):
    """Sections and lessons of a course, in order, and the course itself."""

    course_id: UUID
    course: Course | None = None
    sections: list[OutlineSection]


@operation("course", action="course.read", idempotent=True, cached=True)
class GetOutline(Request[Outline]):
    """Read the sections and lessons of a course, in order, in one answer."""

    course_id: UUID


class Instructor(Message):
    """Instructor of a course."""

    course_id: UUID
    user_id: UUID
    since: datetime


@operation("course", action="course.read", idempotent=True, cached=True)
class ListInstructors(ListRequest[Page[Instructor]]):
    """List the instructors of a course."""

    course_id: UUID


@operation(
    "course", action="course.assign", idempotent=True, errors=[NotATeacher, TooLarge], per_day=2000
)
class AddInstructor(Request[Instructor]):
    """Add an instructor to a course; their role is instructor, admin or owner."""

    course_id: UUID
    user_id: UUID


@operation("course", action="course.assign", per_day=2000)
class RemoveInstructor(Request[Empty]):
    """Remove an instructor from a course."""

    course_id: UUID
    user_id: UUID
