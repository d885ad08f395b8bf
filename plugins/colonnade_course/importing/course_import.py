"""Import of a lesson folder as a course, which may be repeated.

Every item has an external id from its source, so an import that was interrupted goes on where it
stopped, and one that is repeated changes only what has changed. Pages are complete before any
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
from colonnade_course.carpentries.folder import LessonRefused
from colonnade_course.carpentries.lesson import (
    ImportedCourse,
    ImportedFile,
    ImportedPage,
    LinkKind,
    LinkTarget,
)
from colonnade_course.carpentries.links import rewrite_links
from colonnade_course.importing.file_import import FileImport
from colonnade_course.importing.import_run import ImportRun, list_all
from colonnade_course.importing.instructor_import import InstructorImport
from colonnade_course.importing.structure_import import LessonPlan, StructureImport

DATA_KEY = "colonnade:data"
"""Key of the page that lists the data files; no path in a folder looks like it."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Result of an import. `changes` counts the items it created, changed or deleted."""

    course: Course
    lessons: int
    appendix: int
    files: int
    media: int
    changes: int
    warnings: Sequence[str]


@dataclass(slots=True)
class CourseImport:
    """Import of one folder into one academy; `tell(done, total)` is called at each step."""

    platform: PlatformClient
    tenant: str
    source: ImportedCourse
    tell: Callable[[int, int], None]
    _run: ImportRun = field(init=False)
    _files: FileImport = field(init=False)
    _done: int = field(init=False, default=0)
    _contents: dict[str, UUID] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._run = ImportRun(self.source.source_key, list(self.source.warnings))
        self._files = FileImport(self.platform, self.tenant, self._run, self._step)

    def run(self, *, publish: bool = False, instructors: Sequence[str] = ()) -> ImportResult:
        """Import everything, let `instructors` (addresses) teach it, publish it if told to.

        Raises:
            LessonRefused: a page that the platform does not take; file and line are named.
            ColonnadeError: what else it refuses. What was done by then stays, and the next run
                goes on from there.
        """
        source = self.source
        teachers = InstructorImport(self.platform, self.tenant, self._run)
        # Looked up first: a mistake in an address is reported before anything is changed.
        teaching = teachers.find(instructors)
        self._files.upload_all(source.files, source.media)
        pages = [*source.pages, *self._data_page()]
        self._write(pages)
        structure = StructureImport(self.platform, self.tenant, self._run, self._step)
        appendix = [page for page in pages if page not in source.lessons]
        course = structure.update(source, self._plans(source.lessons), self._plans(appendix))
        teachers.add(course, teaching)
        self._files.delete_unused()
        if publish and course.status != "published":
            course = self.platform.ask(self.tenant, PublishCourse(course_id=course.id))
            self._run.changes += 1
        self.tell(self._total, self._total)
        return ImportResult(
            course,
            len(source.lessons),
            len(appendix),
            len(source.files),
            len(source.media),
            self._run.changes,
            self._run.warnings,
        )

    @property
    def _total(self) -> int:
        pages = len(self.source.pages) + bool(self.source.files)
        return len(self.source.files) + 2 * len(self.source.media) + 3 * pages

    def _step(self) -> None:
        self._done += 1
        self.tell(min(self._done, self._total), self._total)

    def _data_page(self) -> list[ImportedPage]:
        """Compose a page that lists every data file: learners may read what a page links to."""
        lines = [
            f"- [{_escaped(file)}]({self._files.paths[file.key]})"
            for file in self.source.files
            if file.key in self._files.paths
        ]
        body = "The files that the lessons work with.\n\n" + "\n".join(lines) + "\n"
        return [ImportedPage(DATA_KEY, "Data files", body, "")] if lines else []

    def _write(self, pages: Sequence[ImportedPage]) -> None:
        """Make every page, then write its text: texts lead to each other."""
        request = ListContent(limit=100, external_id_prefix=self._run.prefix)
        found = list_all(self.platform, self.tenant, request)
        known = {content.external_id: content for content in found}
        before: list[Content | ContentSummary] = []
        for page in pages:
            name = self._run.external_id(page.key)
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
        return self._run.create(
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
        self._run.changes += after.version != before.version

    def _resolve(self, link: LinkTarget) -> str | None:
        if link.kind in (LinkKind.FIGURE, LinkKind.DATA):
            return self._files.paths.get(link.key or "")
        if link.kind not in (LinkKind.LESSON, LinkKind.PAGE) or link.key is None:
            return None
        content = self._contents.get(link.key)
        if content is None:
            return None
        return f"/api/v1/content/{content}" + (f"#{link.fragment}" if link.fragment else "")

    def _plans(self, pages: Sequence[ImportedPage]) -> list[LessonPlan]:
        return [
            LessonPlan(page.key, self._title(page), self._contents[page.key], _minutes(page))
            for page in pages
        ]

    def _title(self, page: ImportedPage) -> str:
        is_overview = self.source.overview is not None and page.key == self.source.overview.key
        if is_overview and page.title == self.source.title:
            return "Overview"
        return page.title


def _problems(page: ImportedPage, error: ValidationError | ValidationFailed) -> tuple[str, ...]:
    """Problems of a page, as `file:line`. Lines of a text count from where it begins."""
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
