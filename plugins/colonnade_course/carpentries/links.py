"""Links between the pages of a lesson: classified by the file they mean, and rewritten."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from colonnade_course.carpentries.folder import SourcePage
from colonnade_course.carpentries.lesson import ImportedPage, LinkKind, LinkTarget
from colonnade_course.carpentries.markdown_links import Target, find_targets, replace_targets

_GENERATED = re.compile(r"\.html?$")
_EXTERNAL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")


@dataclass(frozen=True, slots=True)
class FolderKeys:
    """Keys of the files in a lesson folder, by what a link to them means."""

    lessons: frozenset[str]
    pages: frozenset[str]
    figures: frozenset[str]
    data: frozenset[str]

    def find(self, path: str, source_key: str) -> tuple[LinkKind, str] | None:
        """Find the file that ``path`` means in the page ``source_key``."""
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


def classify_links(source: SourcePage, folder: FolderKeys) -> tuple[LinkTarget, ...]:
    """Find the links and images of a page, each with the file that it means."""
    return tuple(_classified(place, source, folder) for place in find_targets(source.body))


def _classified(place: Target, source: SourcePage, folder: FolderKeys) -> LinkTarget:
    line = place.line + source.first_line - 1
    path, _, fragment = place.text.partition("#")
    if _EXTERNAL.match(place.text):
        return LinkTarget(LinkKind.EXTERNAL, None, fragment, source.key, line, place)
    if not path:
        return LinkTarget(LinkKind.ANCHOR, source.key, fragment, source.key, line, place)
    named = unicodedata.normalize("NFC", unquote(path.partition("?")[0]))
    found = folder.find(named, source.key)
    kind, key = found or (LinkKind.UNKNOWN, None)
    return LinkTarget(kind, key, fragment, source.key, line, place)


def rewrite_links(page: ImportedPage, resolve: Callable[[LinkTarget], str | None]) -> str:
    """Return the page's Markdown with its targets replaced by what ``resolve`` answers.

    A target for which it answers None, and everything around the targets, stays byte for byte.
    """
    links = {link.place.start: link for link in page.links}
    places = [link.place for link in page.links]
    return replace_targets(page.markdown, places, lambda place: resolve(links[place.start]))


def dead_links(pages: Iterable[ImportedPage]) -> Iterable[str]:
    """Yield a warning for each link that means no file of the folder."""
    for page in pages:
        for link in page.links:
            if link.kind is LinkKind.UNKNOWN:
                yield f"{link.source_key}:{link.line}: {link.text!r} is not in the lesson folder."
