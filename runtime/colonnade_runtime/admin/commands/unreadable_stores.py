"""Stores that a list could not read: a row names each, so that the others are listed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from colonnade.errors import NotFound, Unavailable


@contextmanager
def unreadable_noted(rows: list[dict[str, Any]], service: str, tenant: str) -> Iterator[None]:
    """Read one store in the block; a row with `unread`, a sentence, is added when it cannot be."""
    try:
        yield
    except Unavailable as error:
        mend = getattr(error, "mend", "")
        sentence = (
            f"'{service}' of the academy '{tenant}' could not be read: {error} {mend}".strip()
        )
        rows.append({"service": service, "tenant": tenant, "unread": sentence})


def not_found(sentence: str, unread: list[dict[str, Any]]) -> NotFound | Unavailable:
    """The error of something that is nowhere, or that may be in a store that was not read."""
    if not unread:
        return NotFound(sentence)
    return Unavailable(" ".join([sentence, *(row["unread"] for row in unread)]))
