"""The header `Forwarded` (RFC 7239): its elements, read and written."""

import re
from collections.abc import Iterator, Mapping

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e]|\\[\t \x21-\x7e])*"'
_PAIR = re.compile(rf"[ \t]*({_NAME})=({_NAME}|{_QUOTED})[ \t]*(;|\Z)")
_IS_TOKEN = re.compile(rf"{_NAME}\Z")
_ESCAPED = re.compile(r"\\(.)")

MAXIMUM_ELEMENTS = 32
"""Hops that are looked at, from the right; nobody has more proxies of their own."""

MAXIMUM_ELEMENT = 1024
"""Characters one element may have."""


def last_first(value: str) -> Iterator[str]:
    """The elements of a list from the right: what the nearest hop said comes first.

    Cut at every comma, also within quotes: whoever is far away could open one that swallows what
    a nearer hop appended. No proxy writes a comma into an element of its own.
    """
    for text in reversed(value.rsplit(",", MAXIMUM_ELEMENTS)[-MAXIMUM_ELEMENTS:]):
        if stripped := text.strip(" \t"):
            yield stripped


def element_of(text: str) -> dict[str, str] | None:
    """The parameters of one element by name in small letters; nothing when it is malformed."""
    if len(text) > MAXIMUM_ELEMENT:
        return None
    found: dict[str, str] = {}
    place = 0
    while place < len(text):
        match = _PAIR.match(text, place)
        if match is None or match[1].lower() in found:
            return None
        found[match[1].lower()] = _unquoted(match[2])
        place = match.end()
    return found


def written(parameters: Mapping[str, str]) -> str:
    """One element, quoted where it has to be. The values hold neither quotes nor backslashes."""
    return ";".join(
        f"{name}={value}" if _IS_TOKEN.match(value) else f'{name}="{value}"'
        for name, value in parameters.items()
    )


def _unquoted(value: str) -> str:
    return _ESCAPED.sub(r"\1", value[1:-1]) if value.startswith('"') else value
