"""The kinds of values that the contract is made of, with their bounds."""

from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints

from colonnade.text import Line


def _is_unicode(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("half a character (a lone surrogate) is no text") from None
    return text


Title = Line
"""One line of text with something to see in it."""

Body = Annotated[
    str,
    StringConstraints(max_length=200_000, pattern=r"^[^\x00]*$"),
    AfterValidator(_is_unicode),
]
"""Markdown."""

WebAddress = Annotated[
    str, StringConstraints(max_length=2000, pattern=r"^https?://[^\s\x00-\x20\x7f\"<>\\^`{|}]+$")
]
"""An absolute `http` or `https` URL."""

ExternalId = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
"""What the thing is called where it was imported from."""

FileName = Annotated[str, StringConstraints(max_length=4096)]
"""What the sender calls a file; it is cleaned before it is kept."""

Header = Annotated[str, StringConstraints(max_length=4096)]
"""The value of a request's header."""

ContentKind = Literal["markdown", "file", "media", "link"]
MediaState = Literal["processing", "ready", "failed"]
VariantName = Literal["thumbnail", "medium", "large", "drawing"]
"""A size of a picture; a vector drawing has the one variant `drawing`."""
