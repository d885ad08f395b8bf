"""Read a lesson folder of the Carpentries Workbench into plain data, ready to become a course.

A folder holds ``index.md``, ``episodes/*.md`` with figures in ``episodes/fig`` and data in
``episodes/data`` or ``episodes/files``, and pages in ``learners/``; ``config.yaml``, ``CITATION``,
``AUTHORS`` and ``LICENSE.md`` say what it is, whose it is and how it may be used. Nothing is
written and nothing is fetched.

Every item's ``key`` is its path in the folder, and its ``digest`` the SHA-256 of what is in it:
importing the same folder again meets the same keys, and an unchanged digest means nothing to do.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote

from colonnade_course.carpentries.credits import Credits, attribution_page, read_credits
from colonnade_course.carpentries.folder import LessonFolder, LessonRefused, SourcePage
from colonnade_course.carpentries.markdown_links import (
    Target,
    find_targets,
    plain_text,
    replace_targets,
)

__all__ = [
    "ImportedCourse",
    "ImportedFile",
    "ImportedLesson",
    "ImportedPage",
    "ImportedSection",
    "LessonRefused",
    "LinkKind",
    "LinkTarget",
    "read_lesson",
    "rewrite_links",
]

MAXIMUM_SUMMARY_LENGTH = 500
MAXIMUM_TITLE_LENGTH = 200
MAXIMUM_SLUG_LENGTH = 80
ATTRIBUTION_KEY = "LICENSE.md"
_GENERATED = re.compile(r"\.html?$")
_EXTERNAL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")


class LinkKind(StrEnum):
    """Kind of thing that a link or image points to."""

    FIGURE = "figure"
    DATA = "data"
    LESSON = "lesson"
    PAGE = "page"
    EXTERNAL = "external"
    ANCHOR = "anchor"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """Link or image of one page, classified by its target.

    ``key`` is the item meant, None for what lies outside the lesson; ``fragment`` is what follows
    ``#``. ``line`` counts from 1 in the page's file; ``place`` is where in ``markdown`` it stands.
    """

    kind: LinkKind
    key: str | None
    fragment: str
    source_key: str
    line: int
    place: Target

    @property
    def text(self) -> str:
        """The target as it is written."""
        return self.place.text

    @property
    def is_image(self) -> bool:
        """True for an image, False for a link."""
        return self.place.is_image


@dataclass(frozen=True, slots=True)
class ImportedPage:
    """One page: ``markdown`` is the file's text without its front matter, otherwise untouched.

    ``first_line`` is the line of the file on which it begins.
    """

    key: str
    title: str
    markdown: str
    digest: str
    links: tuple[LinkTarget, ...] = ()
    first_line: int = 1


@dataclass(frozen=True, slots=True)
class ImportedLesson(ImportedPage):
    """One episode; the times are minutes, None where the front matter says none."""

    teaching_minutes: int | None = None
    exercise_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A file to be copied as it is: ``size`` in bytes, ``name`` as its folder calls it."""

    key: str
    path: Path
    size: int
    digest: str

    @property
    def name(self) -> str:
        """The last part of the key."""
        return posixpath.basename(self.key)


@dataclass(frozen=True, slots=True)
class ImportedSection:
    """Lessons under one heading."""

    title: str
    lessons: tuple[ImportedLesson, ...]


@dataclass(frozen=True, slots=True)
class ImportedCourse:
    """A whole lesson folder.

    ``media`` are the figures that some page shows, ``files`` all data files; ``overview`` is the
    folder's ``index.md``; the last page of ``appendix`` is the attribution in full, of which
    ``attribution`` is one sentence. ``warnings`` name links that lead nowhere, as ``file:line:``.
    """

    title: str
    slug: str
    summary: str
    licence: str
    licence_url: str | None
    attribution: str
    source_key: str
    source_url: str | None
    sections: tuple[ImportedSection, ...]
    appendix: tuple[ImportedPage, ...]
    files: tuple[ImportedFile, ...]
    media: tuple[ImportedFile, ...]
    overview: ImportedPage | None
    warnings: tuple[str, ...]

    @property
    def lessons(self) -> tuple[ImportedLesson, ...]:
        """The lessons of all sections, in order."""
        return tuple(lesson for section in self.sections for lesson in section.lessons)

    @property
    def pages(self) -> tuple[ImportedPage, ...]:
        """Pages of Markdown: overview, lessons, appendix."""
        return (*([self.overview] if self.overview else []), *self.lessons, *self.appendix)


def read_lesson(folder: Path) -> ImportedCourse:
    """Read the lesson in ``folder``.

    Raises:
        LessonRefused: the folder is missing or no lesson, or files of it cannot be taken; its
            ``problems`` are sentences, each with the file and the line where there is one.
    """
    lesson = LessonFolder(folder)
    index = lesson.page("index.md")
    episodes = lesson.episodes()
    learners = lesson.learner_pages()
    credit = read_credits(lesson, index)
    lesson.raise_problems()
    items = _FolderKeys(
        lessons=frozenset(source.key for source in episodes),
        pages=frozenset(
            {ATTRIBUTION_KEY, *(s.key for s in learners), *([index.key] if index else [])}
        ),
        figures=lesson.figure_keys(),
        data=lesson.data_keys(),
    )
    lessons = tuple(_lesson(source, items) for source in episodes)
    overview = _page(index, items, credit.title) if index else None
    appendix = tuple(_page(source, items, source.key) for source in learners)
    pages = [*([overview] if overview else []), *lessons, *appendix]
    shown = {link.key for page in pages for link in page.links if link.kind is LinkKind.FIGURE}
    files = tuple(_file(lesson, key) for key in sorted(items.data))
    media = tuple(_file(lesson, key) for key in sorted(items.figures & shown))
    lesson.raise_problems()
    return ImportedCourse(
        title=credit.title[:MAXIMUM_TITLE_LENGTH],
        slug=_slug(lesson.name),
        summary=_summary(overview),
        licence=credit.licence,
        licence_url=credit.licence_url,
        attribution=credit.sentence,
        source_key=f"carpentries:{_slug(lesson.name)}",
        source_url=credit.source_url,
        sections=(ImportedSection(credit.title[:MAXIMUM_TITLE_LENGTH], lessons),),
        appendix=(*appendix, _attribution(credit)),
        files=files,
        media=media,
        overview=overview,
        warnings=(*lesson.warnings, *_dead_links(pages)),
    )


def rewrite_links(page: ImportedPage, resolve: Callable[[LinkTarget], str | None]) -> str:
    """Return the page's Markdown with its targets replaced by what ``resolve`` answers.

    A target for which it answers None, and everything around the targets, stays byte for byte.
    """
    links = {link.place.start: link for link in page.links}
    places = [link.place for link in page.links]
    return replace_targets(page.markdown, places, lambda place: resolve(links[place.start]))


@dataclass(frozen=True, slots=True)
class _FolderKeys:
    lessons: frozenset[str]
    pages: frozenset[str]
    figures: frozenset[str]
    data: frozenset[str]

    def find(self, path: str, source_key: str) -> tuple[LinkKind, str] | None:
        for key in _candidates(path, source_key):
            for kind, keys in (
                (LinkKind.LESSON, self.lessons),
                (LinkKind.PAGE, self.pages),
                (LinkKind.FIGURE, self.figures),
                (LinkKind.DATA, self.data),
            ):
                if key in keys:
                    return kind, key
        return None


def _candidates(path: str, source_key: str) -> Iterable[str]:
    """Yield the keys that ``path`` may mean in the file ``source_key``.

    The Workbench builds all pages into one folder, and lessons are written with that in mind: what
    is not found beside the file is looked for in the folders that end up beside it.
    """
    source_page = _GENERATED.sub(".md", path)
    beside = posixpath.dirname(source_key)
    stripped = source_page
    while stripped.startswith(("../", "./")):
        stripped = stripped.partition("/")[2]
    yield posixpath.normpath(posixpath.join(beside, source_page))
    for folder in ("episodes", "learners", ""):
        yield posixpath.normpath(posixpath.join(folder, stripped))


def _lesson(source: SourcePage, items: _FolderKeys) -> ImportedLesson:
    return ImportedLesson(
        key=source.key,
        title=source.title,
        markdown=source.body,
        digest=source.digest,
        links=_links(source, items),
        first_line=source.first_line,
        teaching_minutes=source.teaching,
        exercise_minutes=source.exercises,
    )


def _page(source: SourcePage, items: _FolderKeys, untitled: str) -> ImportedPage:
    title = source.title or untitled
    links = _links(source, items)
    return ImportedPage(source.key, title, source.body, source.digest, links, source.first_line)


def _attribution(credit: Credits) -> ImportedPage:
    markdown, digest = attribution_page(credit)
    page = ImportedPage(ATTRIBUTION_KEY, "Attribution and licence", markdown, digest)
    source = SourcePage(ATTRIBUTION_KEY, page.title, markdown, digest, first_line=1)
    nothing = _FolderKeys(frozenset(), frozenset(), frozenset(), frozenset())
    return replace(page, links=_links(source, nothing))


def _links(source: SourcePage, items: _FolderKeys) -> tuple[LinkTarget, ...]:
    return tuple(_classified(place, source, items) for place in find_targets(source.body))


def _classified(place: Target, source: SourcePage, items: _FolderKeys) -> LinkTarget:
    line = place.line + source.first_line - 1
    path, _, fragment = place.text.partition("#")
    if _EXTERNAL.match(place.text):
        return LinkTarget(LinkKind.EXTERNAL, None, fragment, source.key, line, place)
    if not path:
        return LinkTarget(LinkKind.ANCHOR, source.key, fragment, source.key, line, place)
    named = unicodedata.normalize("NFC", unquote(path.partition("?")[0]))
    found = items.find(named, source.key)
    kind, key = found or (LinkKind.UNKNOWN, None)
    return LinkTarget(kind, key, fragment, source.key, line, place)


def _dead_links(pages: Iterable[ImportedPage]) -> Iterable[str]:
    for page in pages:
        for link in page.links:
            if link.kind is LinkKind.UNKNOWN:
                yield f"{link.source_key}:{link.line}: {link.text!r} is not in the lesson folder."


def _file(lesson: LessonFolder, key: str) -> ImportedFile:
    path, size, digest = lesson.measure(key)
    return ImportedFile(key, path, size, digest)


def _summary(overview: ImportedPage | None) -> str:
    first = next(plain_text(overview.markdown), "") if overview else ""
    if len(first) <= MAXIMUM_SUMMARY_LENGTH:
        return first
    return first[: MAXIMUM_SUMMARY_LENGTH - 1].rsplit(" ", 1)[0] + "…"


def _slug(name: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return words[:MAXIMUM_SLUG_LENGTH].strip("-") or "lesson"
