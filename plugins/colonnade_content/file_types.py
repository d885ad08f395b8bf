"""What a file is, told from its first bytes, and how a browser may be given it.

The table is short on purpose: a type that is not in it is kept as bytes and only ever downloaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from colonnade_content.file_names import content_disposition, extension

HEAD_BYTES: Final = 4096
"""How many first bytes ``sniff`` wants; fewer are fine when the file is shorter."""

UNKNOWN: Final = "application/octet-stream"
SVG: Final = "image/svg+xml"
HTML: Final = "text/html"

RASTER_IMAGES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
INLINE: Final = RASTER_IMAGES | {
    "application/pdf",
    "audio/mp4",
    "audio/mpeg",
    "text/plain",
    "video/mp4",
    "video/webm",
}
"""What a browser may show by itself; everything else is an attachment."""

_OFFICE: Final[Mapping[str, tuple[bytes, str]]] = MappingProxyType(
    {
        "docx": (
            b"word/",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        "xlsx": (b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        "pptx": (
            b"ppt/",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ),
    }
)
_TEXT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "csv": "text/csv",
        "json": "application/json",
        "markdown": "text/markdown",
        "md": "text/markdown",
        "tsv": "text/tab-separated-values",
    }
)
_EXTENSIONS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "gif": frozenset({"image/gif"}),
        "jpeg": frozenset({"image/jpeg"}),
        "jpg": frozenset({"image/jpeg"}),
        "mp3": frozenset({"audio/mpeg"}),
        "mp4": frozenset({"video/mp4", "audio/mp4"}),
        "pdf": frozenset({"application/pdf"}),
        "png": frozenset({"image/png"}),
        "svg": frozenset({SVG}),
        "webm": frozenset({"video/webm"}),
        "webp": frozenset({"image/webp"}),
        "zip": frozenset({"application/zip"}),
    }
)
_SAME: Final[Mapping[str, str]] = MappingProxyType(
    {
        "application/csv": "text/csv",
        "application/vnd.ms-excel": "text/csv",
        "application/x-zip-compressed": "application/zip",
        "audio/mp3": "audio/mpeg",
        "audio/x-m4a": "audio/mp4",
        "image/jpg": "image/jpeg",
        "image/pjpeg": "image/jpeg",
        "text/x-markdown": "text/markdown",
    }
)
# Atomic groups: a comment once read is not read again, so a hostile head takes linear time.
_COMMENTS = rb"(?>\s*<!--.{0,1000}?-->)*+\s*"
_MARKUP_START = re.compile(
    _COMMENTS + rb"<(?:!doctype\s+html|(?:html|head|body|script|iframe|title|h1|div"
    rb"|font|table|a|style|b|br|p|img|form|meta|link|object|embed)[\s>/])",
    re.IGNORECASE | re.DOTALL,
)
_XML_START = re.compile(rb"\s*<\?xml[\s?]", re.IGNORECASE)
_SVG_ROOT = re.compile(
    rb"(?>\s*<\?xml.{0,200}?\?>)?+"
    + _COMMENTS
    + rb"(?><!doctype\s+svg.{0,1000}?>)?+"
    + _COMMENTS
    + rb"<(?:svg|svg:svg)[\s>/]",
    re.IGNORECASE | re.DOTALL,
)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def sniff(head: bytes, filename: str) -> str:
    """Return the media type of a file that starts with ``head``.

    ``filename`` only decides between types whose bytes look alike: kinds of text, and office
    documents among ZIP archives. Bytes that nothing is known about are ``UNKNOWN``.
    """
    head = head[:HEAD_BYTES]
    return _binary_type(head, filename) or _text_type(head, filename) or UNKNOWN


def is_lie(declared: str, sniffed: str) -> bool:
    """Say whether a sender's ``declared`` media type contradicts the bytes.

    No declaration, or ``application/octet-stream``, claims nothing. Any two kinds of plain text
    agree with each other, and an archive format agrees with ZIP, but neither covers HTML or SVG.
    """
    claim = _SAME.get(_bare(declared), _bare(declared))
    if claim in {"", UNKNOWN, sniffed}:
        return False
    if _is_plain(claim) and _is_plain(sniffed):
        return False
    if claim in {"application/xml", "text/xml"}:
        return sniffed not in {SVG, "application/xml"}
    if {claim, sniffed} == {"audio/mp4", "video/mp4"}:
        return False
    return not (_is_archive(claim) and _is_archive(sniffed))


def extension_lies(filename: str, sniffed: str) -> bool:
    """Say whether the name's extension promises a type that the bytes are not."""
    promised = _EXTENSIONS.get(extension(filename))
    return promised is not None and sniffed not in promised


def serving_headers(media_type: str, filename: str) -> dict[str, str]:
    """Return the headers that make it safe to hand a stored file to a browser.

    Only the types in ``INLINE`` are shown in place. HTML, SVG as it was uploaded, and every type
    not known are downloads, and no answer may be taken for another type than it says.
    """
    inline = media_type in INLINE
    headers = {
        "Content-Type": f"{media_type}; charset=utf-8" if _is_plain(media_type) else media_type,
        "Content-Disposition": content_disposition("inline" if inline else "attachment", filename),
        "X-Content-Type-Options": "nosniff",
    }
    # Browsers show no PDF in a sandbox.
    if media_type != "application/pdf":
        headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return headers


def _binary_type(head: bytes, filename: str) -> str | None:
    for signature, media_type in (
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"%PDF-", "application/pdf"),
        (b"ID3", "audio/mpeg"),
    ):
        if head.startswith(signature):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        return _archive_type(head, filename)
    if head[:4] == b"\x1aE\xdf\xa3" and b"webm" in head[:64]:
        return "video/webm"
    return _mpeg_type(head)


def _archive_type(head: bytes, filename: str) -> str:
    folder, media_type = _OFFICE.get(extension(filename), (b"", ""))
    if (folder and b"[Content_Types].xml" in head) or (folder and folder in head):
        return media_type
    return "application/zip"


def _mpeg_type(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        return "audio/mp4" if head[8:11] in {b"M4A", b"M4B"} else "video/mp4"
    # An MPEG audio frame: eleven set bits, then a version, layer III and bit rate that exist.
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, bit_rate, sample_rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    return "audio/mpeg" if version != 1 and bit_rate not in {0, 15} and sample_rate != 3 else None


def _text_type(head: bytes, filename: str) -> str | None:
    text = head.removeprefix(_BYTE_ORDER_MARK)
    if _CONTROL.search(text):
        return None
    suffix = extension(filename)
    if _SVG_ROOT.match(text):
        return SVG
    if _MARKUP_START.match(text) and suffix not in {"md", "markdown"}:
        return HTML
    if suffix in {"htm", "html", "xhtml"}:
        return HTML
    if _XML_START.match(text):
        return "application/xml"
    known = _TEXT.get(suffix)
    return known or ("text/plain" if _is_utf8(text) else None)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        # A character cut in two by the end of the head is no mistake.
        return error.reason == "unexpected end of data" and error.end == len(text)
    return True


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _is_plain(media_type: str) -> bool:
    if media_type == "application/json":
        return True
    return media_type.startswith("text/") and media_type not in {HTML, "text/xml"}


def _is_archive(media_type: str) -> bool:
    return media_type == "application/zip" or media_type in {kind for _, kind in _OFFICE.values()}
