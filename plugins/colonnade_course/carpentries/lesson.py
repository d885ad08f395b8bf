"""Lesson of the Carpentries as plain data, ready to become a course.

Every item's ``key`` is its path in the folder, and its ``digest`` the SHA-256 of what is in it:
importing the same folder again meets the same keys, and an unchanged digest means nothing to do.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from colonnade_course.carpentries.markdown_links import Target


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
