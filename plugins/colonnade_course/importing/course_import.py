"""Bring a lesson folder into an academy as a course, again and again.

Everything has a name from its source (`external_id`), so an import that was cut off goes on where
it stopped, and one that is repeated changes only what has changed. Pages are complete before any
lesson shows them: files, pictures, pages, then the course with its sections and lessons.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import ValidationError

from colonnade.command_line import PlatformClient
from colonnade.errors import ValidationFailed
from colonnade_content.api import (
    Content,
    ContentSummary,
    CreateContent,
    ListContent,
    UpdateContent,
)
from colonnade_course.api import Course, PublishCourse
from colonnade_course.carpentries.reader import (
    ImportedCourse,
    ImportedFile,
    ImportedPage,
    LessonRefused,
    LinkKind,
    LinkTarget,
    rewrite_links,
)
from colonnade_course.importing.files import ImportedFiles
from colonnade_course.importing.import_run import Imported, every
from colonnade_course.importing.instructors import ImportedTeachers
from colonnade_course.importing.structure import ImportedStructure, Place

DATA_KEY = "colonnade:data"
"""The key of the page that lists the data files; no path in a folder looks like it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did. `changes` counts what it made, changed or removed."""

    course: Course
    lessons: int
    appendix: int
    files: int
    media: int
    changes: int
    warnings: Sequence[str]


@dataclass(slots=True)
class CourseImport:
    """One import of one folder into one academy; `tell` hears how far it is."""

    platform: PlatformClient
    tenant: str
    source: ImportedCourse
    tell: Callable[[int, int], None]
    _imported: Imported = field(init=False)
    _files: ImportedFiles = field(init=False)
    _done: int = field(init=False, default=0)
    _contents: dict[str, UUID] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._imported = Imported(self.source.source_key, list(self.source.warnings))
        self._files = ImportedFiles(self.platform, self.tenant, self._imported, self._step)

    def run(self, *, publish: bool = False, instructors: Sequence[str] = ()) -> Outcome:
        """Import everything, let `instructors` (addresses) teach it, publish it if told to.

        Raises:
            LessonRefused: a page that the platform does not take; file and line are named.
            ColonnadeError: what else it refuses. What was done by then stays, and the next run
                goes on from there.
        """
        source = self.source
        teachers = ImportedTeachers(self.platform, self.tenant, self._imported)
        # Looked up first: a mistake in an address is said before anything is changed.
        teaching = teachers.find(instructors)
        self._files.bring(source.files, source.media)
        pages = [*source.pages, *self._data_page()]
        self._write(pages)
        structure = ImportedStructure(self.platform, self.tenant, self._imported, self._step)
        appendix = [page for page in pages if page not in source.lessons]
        course = structure.bring(source, self._places(source.lessons), self._places(appendix))
        teachers.add(course, teaching)
        self._files.forget_old()
        if publish and course.status != "published":
            course = self.platform.ask(self.tenant, PublishCourse(course_id=course.id))
            self._imported.changes += 1
        self.tell(self._total, self._total)
        return Outcome(
            course,
            len(source.lessons),
            len(appendix),
            len(source.files),
            len(source.media),
            self._imported.changes,
            self._imported.warnings,
        )

    @property
    def _total(self) -> int:
        pages = len(self.source.pages) + bool(self.source.files)
        return len(self.source.files) + 2 * len(self.source.media) + 3 * pages

    def _step(self) -> None:
        self._done += 1
        self.tell(min(self._done, self._total), self._total)

    def _data_page(self) -> list[ImportedPage]:
        """A page that lists every data file, so that whoever learns here may read them all."""
        lines = [
            f"- [{_escaped(file)}]({self._files.paths[file.key]})"
            for file in self.source.files
            if file.key in self._files.paths
        ]
        body = "The files that the lessons work with.\n\n" + "\n".join(lines) + "\n"
        return [ImportedPage(DATA_KEY, "Data files", body, "")] if lines else []

    def _write(self, pages: Sequence[ImportedPage]) -> None:
        """Make every page, then write its text: texts lead to each other."""
        request = ListContent(limit=100, external_id_prefix=self._imported.prefix)
        found = every(self.platform, self.tenant, request)
        known = {content.external_id: content for content in found}
        before: list[Content | ContentSummary] = []
        for page in pages:
            name = self._imported.external_id(page.key)
            content = known.get(name) or self._make(name, self._title(page))
            self._contents[page.key] = content.id
            before.append(content)
            self._step()
        for page, content in zip(pages, before, strict=True):
            self._update(page, content)
            self._step()

    def _make(self, name: str, title: str) -> Content | ContentSummary:
        create = CreateContent(kind="markdown", title=title, body="", external_id=name)
        find = ListContent(external_id=name)
        return self._imported.make(
            lambda: self.platform.ask(self.tenant, create),
            lambda: self.platform.ask(self.tenant, find).items,
        )

    def _update(self, page: ImportedPage, before: Content | ContentSummary) -> None:
        body = rewrite_links(page, self._resolve)
        try:
            request = UpdateContent(content_id=before.id, title=self._title(page), body=body)
            after = self.platform.ask(self.tenant, request)
        except (ValidationError, ValidationFailed) as error:
            raise LessonRefused(_problems(page, error)) from error
        self._imported.changes += after.version != before.version

    def _resolve(self, link: LinkTarget) -> str | None:
        if link.kind in (LinkKind.FIGURE, LinkKind.DATA):
            return self._files.paths.get(link.key or "")
        if link.kind not in (LinkKind.LESSON, LinkKind.PAGE) or link.key is None:
            return None
        content = self._contents.get(link.key)
        if content is None:
            return None
        return f"/api/v1/content/{content}" + (f"#{link.fragment}" if link.fragment else "")

    def _places(self, pages: Sequence[ImportedPage]) -> list[Place]:
        return [
            Place(page.key, self._title(page), self._contents[page.key], _minutes(page))
            for page in pages
        ]

    def _title(self, page: ImportedPage) -> str:
        is_overview = self.source.overview is not None and page.key == self.source.overview.key
        if is_overview and page.title == self.source.title:
            return "Overview"
        return page.title


def _problems(page: ImportedPage, error: ValidationError | ValidationFailed) -> tuple[str, ...]:
    """What is wrong with a page, as `file:line`. Lines of a text count from where it begins."""
    if isinstance(error, ValidationError):
        line, found = 1, [each["msg"] for each in error.errors(include_url=False)]
    else:
        line = int(error.details.get("line", 1))
        found = [field.message for field in error.fields] or [error.message]
    return tuple(f"{page.key}:{page.first_line + line - 1}: {each}." for each in found)


def _minutes(page: ImportedPage) -> int | None:
    parts = (getattr(page, "teaching_minutes", None), getattr(page, "exercise_minutes", None))
    said = [part for part in parts if part is not None]
    return sum(said) if said else None


def _escaped(file: ImportedFile) -> str:
    return "".join(f"\\{char}" if char in "\\[]*_`<>" else char for char in file.name)
