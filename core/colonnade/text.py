"""One line of text that people can see, such as a name or a title."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


def _characters(*ranges: tuple[int, int]) -> str:
    """A part of a character class. Characters stand for themselves: the escapes for those beyond
    U+FFFF differ between the regular expressions of JSON Schema, Rust and Python."""
    return "".join(
        chr(first) if first == last else f"{chr(first)}-{chr(last)}" for first, last in ranges
    )


_REFUSED = _characters(
    (0x0000, 0x001F),  # controls
    (0x007F, 0x009F),
    (0x061C, 0x061C),  # Bidi_Control (UAX #9 §2.0): what follows would be shown elsewhere
    (0x200E, 0x200F),
    (0x2028, 0x202E),  # and the separators of lines and paragraphs
    (0x2066, 0x2069),
)

_UNSEEN = _characters(
    (0x0020, 0x0020),  # blanks
    (0x00A0, 0x00A0),
    (0x1680, 0x1680),
    (0x2000, 0x200A),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
    (0x00AD, 0x00AD),  # Default_Ignorable_Code_Point (UAX #44 §5.9)
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200D),
    (0x2060, 0x2065),
    (0x206A, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
    (0x2800, 0x2800),  # signs without ink: blank Braille, an empty note, fillers of other scripts
    (0x1D159, 0x1D159),
    (0x13430, 0x1343F),
    (0x16FE4, 0x16FE4),
)

ONE_LINE = f"[^{_REFUSED}]*"
"""Pattern of one line, which may be empty or blank."""

VISIBLE_LINE = f"^{ONE_LINE}[^{_REFUSED}{_UNSEEN}]{ONE_LINE}$"
"""Pattern of one line with something to see in it."""


def folded(text: str) -> str:
    """The form in which searches compare: letters in either case and composition are one
    (canonical caseless matching, Unicode §3.13 D145)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


ESCAPE = "/"
"""What stands before a sign of a pattern that means itself."""


def containing(text: str) -> str:
    """The pattern of SQL's LIKE, with `ESCAPE`, for what contains `text`."""
    for sign in (ESCAPE, "%", "_"):
        text = text.replace(sign, ESCAPE + sign)
    return f"%{text}%"


_VISIBLE = re.compile(VISIBLE_LINE.removesuffix("$") + r"\Z")
_ONE_LINE = re.compile(ONE_LINE + r"\Z")


def visible_line(text: str) -> str:
    """The text, if it is one line with something to see in it.

    Raises:
        ValueError: a sentence that says what is wrong with it.
    """
    if not text.isprintable() and any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("has half a character in it (a lone surrogate)")
    if not _ONE_LINE.match(text):
        raise ValueError(
            "has a line end, a control character or one that changes the direction of text in it"
        )
    if not _VISIBLE.match(text):
        raise ValueError("has nothing in it that can be seen")
    return text


@dataclass(frozen=True, slots=True)
class VisibleLine:
    """Marks a field that holds one line with something to see in it."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(visible_line, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(schema) | {"pattern": VISIBLE_LINE}


Line = Annotated[str, StringConstraints(min_length=1, max_length=200), VisibleLine()]
"""One line of text, 1 to 200 characters: no control characters, none that change the direction of
what follows, and at least one that can be seen."""
