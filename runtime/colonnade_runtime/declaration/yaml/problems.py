"""Problems with a declaration: all of them at once, each at its line."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from colonnade.errors import ConfigurationError


class Location(NamedTuple):
    """Location in a source. `line` and `column` count from 1; both are 0 where a source has no
    lines, as `--set #1`."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend. `path` is the key, dotted; empty when the whole file is meant."""

    file: str
    line: int
    column: int
    path: str
    message: str
    suggestion: str | None = None

    @classmethod
    def at(
        cls, place: Location, path: str, message: str, suggestion: str | None = None
    ) -> "Problem":
        """The problem at `place`."""
        return cls(place.source, place.line, place.column, path, message, suggestion)

    @property
    def place(self) -> Location:
        """Location to mend."""
        return Location(self.file, self.line, self.column)

    def __str__(self) -> str:
        subject = f"{self.path}: " if self.path else ""
        hint = f" (did you mean '{self.suggestion}'?)" if self.suggestion else ""
        return f"{self.place}: {subject}{self.message}{hint}"


class DeclarationError(ConfigurationError):
    """The declaration has problems; `problems` holds all of them, by file and line."""

    code = "declaration"
    title = "The declaration has problems"

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: list[Problem] = sorted(set(problems), key=_reading_order)
        super().__init__("\n".join(map(str, self.problems)))


def _reading_order(problem: Problem) -> tuple[Location, str, str]:
    return problem.place, problem.path, problem.message


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` most likely meant, if one is near enough."""
    candidates: Sequence[str] = [candidate for candidate in known if candidate != word]
    found = difflib.get_close_matches(word, candidates, n=1, cutoff=0.6)
    if not found:
        lowered = {candidate.lower(): candidate for candidate in candidates}
        return lowered.get(word.lower())
    return found[0]
