"""Lesson folder: its files, each checked as it is read.

Problems are collected, so that an author sees all of them at once, as sentences that begin with the
file and the line.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from colonnade.text import visible_line

MAXIMUM_PAGE_BYTES: Final = 1024 * 1024
"""Room for 200,000 characters of any script; the platform counts those."""
MAXIMUM_FRONT_MATTER_BYTES: Final = 16 * 1024
MAXIMUM_FILE_BYTES: Final = 100 * 1024 * 1024
MAXIMUM_FILES: Final = 2000
MAXIMUM_EPISODES: Final = 500
MAXIMUM_TITLE_LENGTH: Final = 200
MAXIMUM_MINUTES: Final = 24 * 60

FIGURE_FOLDERS: Final = ("episodes/fig", "learners/fig", "fig")
DATA_FOLDERS: Final = ("episodes/data", "episodes/files", "learners/data", "learners/files")
_FRONT_MATTER = re.compile(
    r"---[ \t]*\r?\n(?P<yaml>.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.S | re.M
)


class LessonRefused(Exception):
    """Folder that cannot become a course; ``problems`` lists everything that is wrong with it."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class SourcePage:
    """Page as it was read: ``body`` begins on ``first_line`` of its file."""

    key: str
    title: str
    body: str
    digest: str
    first_line: int
    teaching: int | None = None
    exercises: int | None = None


class LessonFolder:
    """Reader of a lesson folder; every file it returns lies inside the folder.

    A key is the path of a file below the folder in composed Unicode (NFC): a file system may keep
    names decomposed, as macOS did, and authors write them composed.
    """

    def __init__(self, folder: Path) -> None:
        """Check that ``folder`` is a lesson.

        Raises:
            LessonRefused: it is missing, no folder, or holds no episodes.
        """
        self._root = _require_lesson(folder)
        self.name = self._root.name
        self.warnings: list[str] = []
        self._problems: list[str] = []
        self._paths: dict[str, str] = {}

    def raise_problems(self) -> None:
        """Raise ``LessonRefused`` when anything read so far was wrong."""
        if self._problems:
            raise LessonRefused(tuple(dict.fromkeys(self._problems)))

    def page(self, key: str) -> SourcePage | None:
        """Read the page ``key``; None when there is no such file."""
        raw = self._read(key) if self._path(key).exists() else None
        return self._source(key, raw, is_episode=False) if raw is not None else None

    def text(self, key: str) -> str | None:
        """Read the text file ``key``; None when there is no such file."""
        raw = self._read(key) if self._path(key).exists() else None
        return self._decoded(key, raw) if raw is not None else None

    def settings(self, key: str) -> Mapping[str, Any]:
        """Read the YAML file ``key``, empty when there is none."""
        return self._mapping(key, self.text(key) or "", first_line=1)

    def episodes(self) -> list[SourcePage]:
        """Read the episodes in the order of ``config.yaml``, or of their names."""
        folder = self._root / "episodes"
        names = self._markdown_below("episodes")
        self.warnings += [
            f"episodes/{path.name}: R Markdown has to be rendered to Markdown first; left out."
            for path in sorted(folder.glob("*.Rmd"))
            if not path.name.startswith(".") and f"{_composed(path.stem)}.md" not in names
        ]
        names = self._ordered(names)
        if len(names) > MAXIMUM_EPISODES:
            self._problems.append(
                f"episodes: {len(names)} episodes; a lesson has at most {MAXIMUM_EPISODES}."
            )
            return []
        raw = [(f"episodes/{name}", self._read(f"episodes/{name}")) for name in names]
        sources = [
            self._source(key, data, is_episode=True) for key, data in raw if data is not None
        ]
        return [source for source in sources if source]

    def learner_pages(self) -> list[SourcePage]:
        """Read the pages for learners: setting up first, then by name."""
        folder = self._root / "learners"
        if not folder.is_dir():
            return []
        names = self._markdown_below("learners")
        names.sort(key=lambda name: name != "setup.md")
        sources = [self.page(f"learners/{name}") for name in names]
        return [source for source in sources if source]

    def figure_keys(self) -> frozenset[str]:
        """Name every file in the folders for figures."""
        return frozenset(key for folder in FIGURE_FOLDERS for key in self._files_below(folder))

    def data_keys(self) -> frozenset[str]:
        """Name every file in the folders for data."""
        return frozenset(key for folder in DATA_FOLDERS for key in self._files_below(folder))

    def measure(self, key: str) -> tuple[Path, int, str]:
        """Return where the file ``key`` is, its size in bytes and its SHA-256."""
        path = self._path(key)
        size = path.stat().st_size
        if size > MAXIMUM_FILE_BYTES:
            self._problems.append(
                f"{key}: the file has {size} bytes; at most {MAXIMUM_FILE_BYTES} are imported."
            )
            return path, size, ""
        with path.open("rb") as file:
            return path, size, hashlib.file_digest(file, "sha256").hexdigest()

    def _ordered(self, names: list[str]) -> list[str]:
        declared = self.settings("config.yaml").get("episodes")
        if not isinstance(declared, list):
            return names
        listed = [_composed(str(name)) for name in declared]
        self._problems += [
            f"config.yaml: the episode {name!r} is declared and not in episodes/."
            for name in listed
            if name not in names and not name.endswith(".Rmd")
        ]
        self.warnings += [
            f"episodes/{name}: not declared in config.yaml, left out."
            for name in names
            if name not in listed
        ]
        return [name for name in dict.fromkeys(listed) if name in names]

    def _files_below(self, folder: str) -> Iterator[str]:
        count = 0
        for place, folders, names in os.walk(self._root / folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(name for name in names + folders if not name.startswith(".")):
                path = Path(place) / name
                key = self._key(path)
                if not self._lies_inside(key) or not path.is_file():
                    continue
                count += 1
                if count > MAXIMUM_FILES:
                    self._problems.append(f"{folder}: more than {MAXIMUM_FILES} files.")
                    return
                yield key

    def _markdown_below(self, folder: str) -> list[str]:
        """List the names of pages, without the hidden files that editors and systems leave."""
        return sorted(
            self._key(path).rpartition("/")[2]
            for path in (self._root / folder).iterdir()
            if _is_page(path)
        )

    def _key(self, path: Path) -> str:
        """Return the key of a file, and record the name that the file system has for it."""
        actual = path.relative_to(self._root).as_posix()
        key = _composed(actual)
        if self._paths.setdefault(key, actual) != actual:
            self.warnings.append(f"{key}: two files have this name, composed and not; one is read.")
        return key

    def _path(self, key: str) -> Path:
        return self._root / self._paths.get(key, key)

    def _read(self, key: str) -> bytes | None:
        path = self._path(key)
        if not self._lies_inside(key):
            return None
        if not path.is_file():
            self._problems.append(f"{key}: this is no file.")
            return None
        size = path.stat().st_size
        if size > MAXIMUM_PAGE_BYTES:
            self._problems.append(
                f"{key}: the page has {size} bytes; at most {MAXIMUM_PAGE_BYTES} are imported."
            )
            return None
        return path.read_bytes()

    def _lies_inside(self, key: str) -> bool:
        target = self._path(key).resolve()
        if target.is_relative_to(self._root):
            return True
        self._problems.append(
            f"{key}: a symbolic link out of the lesson folder; copy the file into the folder."
        )
        return False

    def _decoded(self, key: str, raw: bytes) -> str | None:
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            self._problems.append(f"{key}:{line}: the file is not UTF-8 text; save it as UTF-8.")
            return None

    def _source(self, key: str, raw: bytes, *, is_episode: bool) -> SourcePage | None:
        text = self._decoded(key, raw)
        if text is None:
            return None
        found = _FRONT_MATTER.match(text)
        if found is None and (is_episode or text.startswith("---\n")):
            self._problems.append(
                f"{key}:1: no front matter; begin with '---', 'title: …' and '---' again."
            )
            return None
        matter = found["yaml"] if found else ""
        said = self._mapping(key, matter, first_line=2)
        body_start = found.end() if found else 0
        return SourcePage(
            key=key,
            title=self._title(key, matter, said, is_required=is_episode),
            body=text[body_start:],
            digest=hashlib.sha256(raw).hexdigest(),
            first_line=text.count("\n", 0, body_start) + 1,
            teaching=self._minutes(key, matter, said, "teaching"),
            exercises=self._minutes(key, matter, said, "exercises"),
        )

    def _mapping(self, key: str, text: str, *, first_line: int) -> Mapping[str, Any]:
        if len(text) > MAXIMUM_FRONT_MATTER_BYTES:
            self._problems.append(f"{key}:{first_line}: more YAML than is read; shorten it.")
            return {}
        try:
            said = yaml.safe_load(text)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            line = first_line + (mark.line if mark else 0)
            self._problems.append(f"{key}:{line}: this is not YAML: {error.problem}.")
            return {}
        except (yaml.YAMLError, RecursionError, ValueError):
            self._problems.append(f"{key}:{first_line}: this is not YAML.")
            return {}
        if said is None or isinstance(said, dict):
            return said or {}
        self._problems.append(f"{key}:{first_line}: write names and values, such as 'title: …'.")
        return {}

    def _title(self, key: str, matter: str, said: Mapping[str, Any], *, is_required: bool) -> str:
        title = said.get("title")
        if title is None and not is_required:
            return ""
        line = _line_of("title", matter)
        if not isinstance(title, str) or not title.strip():
            self._problems.append(f"{key}:{line}: 'title' must be a text; put it in quotes.")
            return ""
        if len(title) > MAXIMUM_TITLE_LENGTH:
            self._problems.append(
                f"{key}:{line}: 'title' is longer than {MAXIMUM_TITLE_LENGTH} characters."
            )
        try:
            return visible_line(" ".join(title.split()))
        except ValueError as error:
            self._problems.append(f"{key}:{line}: 'title' {error}.")
            return ""

    def _minutes(self, key: str, matter: str, said: Mapping[str, Any], name: str) -> int | None:
        minutes = said.get(name)
        if minutes is None:
            return None
        is_number = isinstance(minutes, int) and not isinstance(minutes, bool)
        if is_number and 0 <= minutes <= MAXIMUM_MINUTES:
            return int(minutes)
        self._problems.append(
            f"{key}:{_line_of(name, matter)}: {name!r} must be minutes, 0 to {MAXIMUM_MINUTES}."
        )
        return None


def _require_lesson(folder: Path) -> Path:
    if not folder.is_dir():
        raise LessonRefused((f"{folder}: there is no such folder.",))
    if (folder / "_episodes").is_dir():
        raise LessonRefused(
            (f"{folder}: a lesson in the old layout (_episodes/); convert it to the Workbench's.",)
        )
    episodes = folder / "episodes"
    if not episodes.is_dir() or not any(_is_page(path) for path in episodes.iterdir()):
        raise LessonRefused(
            (f"{folder}: no lesson; a Carpentries lesson has its pages in episodes/*.md.",)
        )
    return folder.resolve()


def _is_page(path: Path) -> bool:
    return path.suffix == ".md" and not path.name.startswith(".")


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _line_of(name: str, matter: str) -> int:
    found = re.search(rf"^{name}\s*:", matter, re.MULTILINE)
    return 2 + matter.count("\n", 0, found.start()) if found else 1
