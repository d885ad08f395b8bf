"""Reader of a lesson folder of the Carpentries Workbench.

A folder holds ``index.md``, ``episodes/*.md`` with figures in ``episodes/fig`` and data in
``episodes/data`` or ``episodes/files``, and pages in ``learners/``; ``config.yaml``, ``CITATION``,
``AUTHORS`` and ``LICENSE.md`` hold its title, its authors and its licence. Nothing is written and
nothing is fetched.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from colonnade_course.carpentries.credits import Credits, attribution_page, read_credits
from colonnade_course.carpentries.folder import LessonFolder, SourcePage
from colonnade_course.carpentries.lesson import (
    ImportedCourse,
    ImportedFile,
    ImportedLesson,
    ImportedPage,
    ImportedSection,
    LinkKind,
)
from colonnade_course.carpentries.links import FolderKeys, classify_links, dead_links
from colonnade_course.carpentries.markdown_links import plain_text

MAXIMUM_SUMMARY_LENGTH = 500
MAXIMUM_TITLE_LENGTH = 200
MAXIMUM_SLUG_LENGTH = 80
ATTRIBUTION_KEY = "LICENSE.md"


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
    items = FolderKeys(
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
        warnings=(*lesson.warnings, *dead_links(pages)),
    )


def _lesson(source: SourcePage, items: FolderKeys) -> ImportedLesson:
    return ImportedLesson(
        key=source.key,
        title=source.title,
        markdown=source.body,
        digest=source.digest,
        links=classify_links(source, items),
        first_line=source.first_line,
        teaching_minutes=source.teaching,
        exercise_minutes=source.exercises,
    )


def _page(source: SourcePage, items: FolderKeys, untitled: str) -> ImportedPage:
    title = source.title or untitled
    links = classify_links(source, items)
    return ImportedPage(source.key, title, source.body, source.digest, links, source.first_line)


def _attribution(credit: Credits) -> ImportedPage:
    markdown, digest = attribution_page(credit)
    page = ImportedPage(ATTRIBUTION_KEY, "Attribution and licence", markdown, digest)
    source = SourcePage(ATTRIBUTION_KEY, page.title, markdown, digest, first_line=1)
    nothing = FolderKeys(frozenset(), frozenset(), frozenset(), frozenset())
    return replace(page, links=classify_links(source, nothing))


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
