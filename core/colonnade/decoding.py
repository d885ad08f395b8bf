"""Decoding of what others wrote: whatever a parser raises becomes one error.

Parsers raise more than they document. Depth ends in `RecursionError`, numbers in `OverflowError`,
bytes in `UnicodeError`; one that is forgotten where a foreign server answers is a crash, and one
where an event arrives is an event that comes again for ever.
"""

import re
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
DataT = TypeVar("DataT")

_LONGEST = 300
_JSON_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)


class Unreadable(ValueError):
    """Data that is not what it should be; its words say why, and quote no more than a little."""


def decoded(decode: Callable[[DataT], T], data: DataT) -> T:
    """Decode `data`.

    Raises:
        Unreadable: whatever `decode` raised.
    """
    try:
        return decode(data)
    except Exception as error:
        raise Unreadable(f"{type(error).__name__}: {words_of(error)[:_LONGEST]}") from None


def words_of(error: BaseException) -> str:
    """The text of an error, of characters that every store and terminal takes; never raises."""
    try:
        text = str(error)
    except Exception:
        return "an error without words"
    return storable(text)


def storable(text: str) -> str:
    """Text without halves of characters, which neither a store nor a log takes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def is_deeper(data: bytes, levels: int) -> bool:
    """Tell whether arrays and objects of a JSON text are nested deeper than `levels`, without
    recursion, in one pass."""
    depth = 0
    for token in _JSON_TOKEN.finditer(data):
        first = token[0][:1]
        depth += (first in b"[{") - (first in b"]}")
        if depth > levels:
            return True
    return False
