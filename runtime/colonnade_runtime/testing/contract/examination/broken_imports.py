"""Imports of a plugin that fail, and where."""

import traceback
from pathlib import Path

_MODULE = "<module>"
"""Name of the frame that runs a module while it is imported."""


def place_of_import(error: BaseException, folder: Path | None) -> str | None:
    """File and line that could not be imported, as `quiz/api.py:8`, beginning with the name of
    `folder`; None when `error` was not raised by an import of a module below it."""
    if folder is None:
        return None
    frames = traceback.extract_tb(error.__traceback__)
    places = [(Path(each.filename), each.lineno) for each in frames if each.name == _MODULE]
    if isinstance(error, SyntaxError) and error.filename:
        # The file that cannot be parsed has no frame.
        places.append((Path(error.filename), error.lineno))
    for path, line in reversed(places):
        if path.is_relative_to(folder):
            return f"{path.relative_to(folder.parent)}:{line}"
    return None
