"""Imports of a plugin that fail, and where."""

import traceback
from dataclasses import dataclass
from pathlib import Path

from colonnade_runtime.observability.failures import failure_in_words

_MODULE = "<module>"
"""Name of the frame that runs a module while it is imported."""


@dataclass(frozen=True, slots=True)
class BrokenImport:
    """A module that cannot be imported: file and line, as `quiz/api.py:8`, and what was raised."""

    place: str
    failure: str

    def __str__(self) -> str:
        return (
            f"{self.place} cannot be imported: {self.failure}. Mend it there, or install what it "
            "needs."
        )

    def explains(self, problem: object) -> bool:
        """Tell whether a problem only repeats what was raised."""
        said = failure_in_words(problem) if isinstance(problem, BaseException) else str(problem)
        return self.failure in said


def broken_import(error: BaseException, folder: Path | None) -> BrokenImport | None:
    """The module below `folder` whose import raised `error`; None when none did."""
    if folder is None:
        return None
    frames = traceback.extract_tb(error.__traceback__)
    places = [(Path(each.filename), each.lineno) for each in frames if each.name == _MODULE]
    if isinstance(error, SyntaxError) and error.filename:
        # The file that cannot be parsed has no frame.
        places.append((Path(error.filename), error.lineno))
    for path, line in reversed(places):
        if path.is_relative_to(folder):
            place = f"{path.relative_to(folder.parent)}:{line}"
            return BrokenImport(place, failure_in_words(error))
    return None
