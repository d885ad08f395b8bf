"""Sanitising of untrusted SVG drawings, so that they are harmless and look the same.

Only elements, attributes and style declarations that are known to draw are written out again, by
our own writer, so nothing that the parser understood differently from a browser survives. Scripts,
event handlers, animation, foreign content, links and every reference out of the document are left
out. Serving the result with ``RESPONSE_HEADERS`` is the second wall, not the first.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from types import MappingProxyType
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape, quoteattr

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from colonnade_content.media.svg.entities import ShortEntityParser
from colonnade_content.media.svg.style import clean_declarations, clean_stylesheet, clean_value
from colonnade_content.media.svg.vocabulary import ATTRIBUTES, ELEMENTS, PAINT_ATTRIBUTES, UNWRAPPED

MAXIMUM_BYTES = 2 * 1024 * 1024
MAXIMUM_ELEMENTS = 50_000
MAXIMUM_DEPTH = 64
MAXIMUM_EMBEDDED_BYTES = 1024 * 1024
MAXIMUM_DRAWN_ELEMENTS = 200_000
"""How many elements may be drawn once every ``use`` stands for what it repeats."""

RESPONSE_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Type": "image/svg+xml",
        "Content-Security-Policy": (
            "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
        ),
        "X-Content-Type-Options": "nosniff",
    }
)
"""What every answer with a sanitised drawing carries."""

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_XML = "http://www.w3.org/XML/1998/namespace"
_LOCAL_REFERENCE = re.compile(r"#[\w.:()-]{1,200}")
_IDENTIFIER = re.compile(r"[\w.:()-]{1,200}")
_EMBEDDED_IMAGE = re.compile(
    r"data:(image/(?:png|jpe?g|gif));base64,([A-Za-z0-9+/=]*)", re.IGNORECASE
)
_IMAGE_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class SvgRejected(Exception):
    """Drawing that cannot be made harmless; the message says why, in a sentence."""


def sanitise_svg(source: bytes) -> bytes:
    """Return the drawing in UTF-8 with nothing in it that runs, loads or links.

    Sanitising the result again returns it unchanged. A document type declaration is dropped; its
    entities are read where they are short texts, and refused otherwise.

    Raises:
        SvgRejected: it is not well-formed, not SVG, declares entities that grow, or exceeds
            ``MAXIMUM_BYTES``, ``MAXIMUM_ELEMENTS``, ``MAXIMUM_DEPTH`` or
            ``MAXIMUM_DRAWN_ELEMENTS``.
    """
    if len(source) > MAXIMUM_BYTES:
        raise SvgRejected(
            f"The drawing has {len(source)} bytes; at most {MAXIMUM_BYTES} are accepted."
        )
    root = _parse(source)
    if root.tag != f"{{{_SVG}}}svg":
        raise SvgRejected("The file is no SVG drawing: its root is not an svg element.")
    _require_bounded_drawing(root)
    return "".join(_written(root, is_root=True)).encode()


def _parse(source: bytes) -> Element:
    depth = count = 0
    root: Element | None = None
    try:
        parser = ShortEntityParser(source)
        for event, element in iterparse(BytesIO(source), events=("start", "end"), parser=parser):
            if event == "end":
                depth -= 1
                continue
            root = element if root is None else root
            depth, count = depth + 1, count + 1
            if depth > MAXIMUM_DEPTH:
                raise SvgRejected(f"The drawing is nested more than {MAXIMUM_DEPTH} levels deep.")
            if count > MAXIMUM_ELEMENTS:
                raise SvgRejected(f"The drawing has more than {MAXIMUM_ELEMENTS} elements.")
    except ParseError as error:
        line, column = error.position
        raise SvgRejected(
            f"The drawing is not well-formed XML at line {line}, column {column + 1}."
        ) from error
    except DefusedXmlException as error:
        raise SvgRejected(
            "The drawing declares entities that are long, many, nested or outside of it; "
            "save it without them."
        ) from error
    except (LookupError, ValueError) as error:
        raise SvgRejected("The drawing is in a character encoding that is not known.") from error
    if root is None:
        raise SvgRejected("The drawing is empty.")
    return root


def _written(element: Element, *, is_root: bool = False) -> Iterator[str]:
    name = _local_name(element.tag)
    if name in UNWRAPPED:
        yield from _content(element)
        return
    if name is None or name not in ELEMENTS:
        return
    attributes = {"xmlns": _SVG, "xmlns:xlink": _XLINK} if is_root else {}
    attributes |= _attributes(name, element)
    yield f"<{name}"
    yield from (f" {key}={_quoted(value)}" for key, value in attributes.items())
    content = _style_content(element) if name == "style" else "".join(_content(element))
    yield f">{content}</{name}>" if content else "/>"


def _content(element: Element) -> Iterator[str]:
    yield _text(element.text)
    for child in element:
        yield from _written(child)
        yield _text(child.tail)


def _style_content(element: Element) -> str:
    return _text(clean_stylesheet("".join(element.itertext())))


def _attributes(name: str, element: Element) -> dict[str, str]:
    kept: dict[str, str] = {}
    for qualified, value in element.attrib.items():
        written_as = _attribute_name(qualified)
        cleaned = _attribute_value(name, written_as, value) if written_as else None
        if written_as and cleaned is not None:
            kept[written_as] = cleaned
    return kept


def _attribute_name(qualified: str) -> str | None:
    if qualified == f"{{{_XLINK}}}href":
        return "xlink:href"
    if qualified in {f"{{{_XML}}}space", f"{{{_XML}}}lang"}:
        return "xml:" + qualified.rpartition("}")[2]
    return qualified if qualified in ATTRIBUTES else None


def _attribute_value(element: str, name: str, value: str) -> str | None:
    if name in {"href", "xlink:href"}:
        return _reference(element, value)
    if name == "id":
        return value if _IDENTIFIER.fullmatch(value) else None
    if name == "style":
        return clean_declarations(value) or None
    if name in PAINT_ATTRIBUTES:
        return clean_value(value)
    return value


def _reference(element: str, value: str) -> str | None:
    packed = "".join(value.split())
    if _LOCAL_REFERENCE.fullmatch(packed):
        return packed
    found = _EMBEDDED_IMAGE.fullmatch(packed) if element == "image" else None
    if found is None or len(found[2]) * 3 // 4 > MAXIMUM_EMBEDDED_BYTES:
        return None
    try:
        data = base64.b64decode(found[2], validate=True)
    except binascii.Error:
        return None
    return packed if data.startswith(_IMAGE_SIGNATURES) else None


def _require_bounded_drawing(root: Element) -> None:
    """Refuse drawings whose ``use`` elements repeat each other without end or without measure."""
    named = {element.get("id"): element for element in root.iter() if element.get("id")}
    costs: dict[int, int] = {}
    if _cost(root, named, costs, frozenset()) > MAXIMUM_DRAWN_ELEMENTS:
        raise SvgRejected(
            f"The drawing repeats itself into more than {MAXIMUM_DRAWN_ELEMENTS} elements."
        )


def _cost(
    element: Element,
    named: Mapping[str | None, Element],
    costs: dict[int, int],
    within: frozenset[int],
) -> int:
    here = id(element)
    if here in within or len(within) > MAXIMUM_DEPTH * 4:
        raise SvgRejected("The drawing repeats a part of itself within that part.")
    if here in costs:
        return costs[here]
    total = 1 + sum(_cost(child, named, costs, within | {here}) for child in element)
    target = _repeated(element, named)
    if target is not None:
        total += _cost(target, named, costs, within | {here})
    costs[here] = min(total, MAXIMUM_DRAWN_ELEMENTS + 1)
    return costs[here]


def _repeated(element: Element, named: Mapping[str | None, Element]) -> Element | None:
    if _local_name(element.tag) != "use":
        return None
    reference = element.get("href") or element.get(f"{{{_XLINK}}}href") or ""
    return named.get("".join(reference.split()).removeprefix("#"))


def _local_name(tag: object) -> str | None:
    # Comments and processing instructions have a function for a tag.
    if not isinstance(tag, str) or not tag.startswith(f"{{{_SVG}}}"):
        return None
    return tag.rpartition("}")[2]


def _text(text: str | None) -> str:
    # A carriage return written bare would come back from the next parser as a line feed.
    return escape(_NOT_XML.sub("", text or ""), {"\r": "&#13;"})


def _quoted(value: str) -> str:
    return quoteattr(_NOT_XML.sub("", value))
