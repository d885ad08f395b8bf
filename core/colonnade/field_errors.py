"""Wrong fields of a request, as pointers that a client can follow and sentences of bounded length.

Pydantic says where it was in its own schema: between the keys of the request stand the branches
of unions and the names of its validators. Those are nobody else's, and are left out.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pydantic
from pydantic_core import ErrorDetails

from colonnade.errors import FieldError

MAXIMUM_FIELD_ERRORS = 100
"""Number of wrong fields that one answer names; a large body may have many more."""

Place = tuple[str | int, ...]

_KEY = "[key]"
"""Pydantic's mark for "the key, not its value"."""

_OWN_WORDS = re.compile(
    r"(?:str|int|float|bool|bytes|none|date|datetime|time|timedelta|decimal|uuid|url|any|complex"
    r"|json|enum|json-value|constrained-[a-z]+|[a-z]+(?:-[a-z]+)*\[.*\])",
    re.DOTALL,
)
"""Branches of a union, by the kinds of schema that they have: `constrained-str`, `list[int]`."""


def field_errors(error: pydantic.ValidationError, values: object = None) -> list[FieldError]:
    """Field errors of a pydantic error. With `values`, the validated input, pointers stay within
    it."""
    return told(places_of(error, values))


def told(found: Iterable[tuple[ErrorDetails, Place]], *, query: bool = False) -> list[FieldError]:
    """Field errors at these places of a body or a `query`."""
    errors: dict[FieldError, None] = {}
    for detail, place in found:
        code = "unknown_field" if detail["type"] == "extra_forbidden" else detail["type"]
        message = detail["msg"].removeprefix("Value error, ")
        if code == "unknown_field":
            message = "is not a field of this request"
        # Branches of one union are wrong at the same place, often for the same reason.
        errors[FieldError(_pointer(place, query), message, code)] = None
    return list(errors)


def places_of(
    error: pydantic.ValidationError, values: object = None
) -> Iterator[tuple[ErrorDetails, Place]]:
    """Each thing that is wrong, and where it is in what was validated."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    for detail in details:
        place = [step for step in detail["loc"] if step != _KEY]
        if values is None:
            yield detail, tuple(step for step in place if not _is_own_word(step))
        else:
            yield detail, tuple(_followed(place, values))


def _followed(place: list[str | int], value: Any) -> Iterator[str | int]:
    """The steps that lead somewhere in `value`, and a last one to what is missing there."""
    for number, step in enumerate(place, 1):
        if _leads_on(step, value):
            value = value[step]
        elif number < len(place) or not isinstance(value, dict) or _is_own_word(step):
            continue
        yield step


def _leads_on(step: str | int, value: Any) -> bool:
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value)


def _pointer(place: Place, query: bool) -> str:
    steps = [str(step) for step in place]
    if query:
        return "?" + ".".join(steps)
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


def _is_own_word(step: str | int) -> bool:
    return isinstance(step, str) and _OWN_WORDS.fullmatch(step) is not None
