"""The style of a drawing: only declarations of a small, known grammar are written out again.

What does not fit the grammar is dropped whole. There is no way to write a character escape, an
at-rule, a string with anything but words, or a reference other than ``url(#name)`` in it, so two
readers cannot disagree about what was kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from colonnade_content.media.svg.vocabulary import STYLE_PROPERTIES

MAXIMUM_VALUE_LENGTH = 10_000

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_REFERENCE = r"""url\(\s*(?:\#[\w.:-]+|"\#[\w.:-]+"|'\#[\w.:-]+')\s*\)"""
_FUNCTIONS = (
    "rgba?|hsla?|hwb|lab|lch|oklab|oklch|matrix|translate[XY]?|scale[XY]?|rotate|skew[XY]?|blur|"
    "brightness|contrast|drop-shadow|grayscale|hue-rotate|invert|opacity|saturate|sepia|calc"
)
_PLAIN = r"[\w.%+\-,\s/*]"
_CALL = rf"(?:{_FUNCTIONS})\({_PLAIN}{{0,500}}\)"
_WORDS = r"""(?:"[\w ,.-]{1,200}"|'[\w ,.-]{1,200}')"""
_VALUE = re.compile(
    # Possessive throughout, so that a value that does not fit is refused in linear time.
    rf"(?>{_REFERENCE}|{_CALL}|{_WORDS}|\#[0-9a-f]{{3,8}}+|[\w.%+\-]++|[\s,/]++)*+"
    r"(?:!\s*+important\s*+)?+",
    re.IGNORECASE,
)
_SELECTOR = re.compile(r"[\w\s.,:>+~*#-]{1,1000}")
_BLOCK_EDGE = re.compile(r"[{}]")


def clean_value(value: str) -> str | None:
    """Return ``value`` when it is one that draws and refers to nothing outside, else None."""
    value = _COMMENT.sub(" ", value).strip()
    if len(value) > MAXIMUM_VALUE_LENGTH or not _VALUE.fullmatch(value):
        return None
    return value


def clean_declarations(style: str) -> str:
    """Return the declarations of a ``style`` attribute, or of one rule, that may stay."""
    return ";".join(f"{name}:{value}" for name, value in _declarations(style))


def clean_stylesheet(sheet: str) -> str:
    """Return the rules of a ``style`` element that may stay; at-rules may not."""
    kept = []
    for rule in _without_at_rules(_COMMENT.sub(" ", sheet)).split("}"):
        selector, _, body = rule.partition("{")
        selector = " ".join(selector.split())
        declarations = clean_declarations(body)
        if declarations and _SELECTOR.fullmatch(selector):
            kept.append(f"{selector}{{{declarations}}}")
    return "\n".join(kept)


def _declarations(style: str) -> Iterator[tuple[str, str]]:
    for declaration in _COMMENT.sub(" ", style).split(";"):
        name, colon, value = declaration.partition(":")
        name = name.strip().lower()
        cleaned = clean_value(value) if colon and name in STYLE_PROPERTIES else None
        if cleaned:
            yield name, cleaned


def _without_at_rules(sheet: str) -> str:
    """Cut every at-rule out, up to its semicolon or the end of its block."""
    kept = []
    position = 0
    while (start := sheet.find("@", position)) >= 0:
        kept.append(sheet[position:start])
        position = _end_of_at_rule(sheet, start)
    return "".join([*kept, sheet[position:]])


def _end_of_at_rule(sheet: str, start: int) -> int:
    semicolon = sheet.find(";", start)
    depth = 0
    for edge in _BLOCK_EDGE.finditer(sheet, start):
        if depth == 0 and (edge.group() == "}" or 0 <= semicolon < edge.start()):
            break
        depth += 1 if edge.group() == "{" else -1
        if depth == 0:
            return edge.end()
    return semicolon + 1 if semicolon >= 0 else len(sheet)
