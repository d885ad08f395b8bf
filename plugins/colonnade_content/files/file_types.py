"""Media types of files, told from their first bytes, and headers to serve them with.

A type that is declared, or that the name promises, is a lie only where the bytes are of a known and
different family. What nothing is known about is kept as bytes and only ever downloaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from colonnade.file_names import content_disposition, extension
from colonnade_content.files.signatures import FAMILIES, SIGNED, binary_type, is_utf8

HEAD_BYTES: Final = 4096
"""How many first bytes ``sniff`` wants; fewer are fine when the file is shorter."""

UNKNOWN: Final = "application/octet-stream"
SVG: Final = "image/svg+xml"
HTML: Final = "text/html"
XML: Final = "application/xml"
ZIP: Final = "application/zip"
OLE: Final = "application/x-ole-storage"

RASTER_IMAGES: Final = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"}
)
"""What pictures are made of."""

INLINE: Final = RASTER_IMAGES | {
    "application/pdf",
    "audio/aac",
    "audio/flac",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/wav",
    "image/bmp",
    "image/heic",
    "image/heif",
    "text/plain",
    "video/mp4",
    "video/ogg",
    "video/quicktime",
    "video/webm",
}
"""What a browser may show by itself; everything else is an attachment."""

_OPEN_XML: Final = "application/vnd.openxmlformats-officedocument."
_IN_ZIP: Final[Mapping[str, str]] = MappingProxyType(
    {
        "docx": f"{_OPEN_XML}wordprocessingml.document",
        "xlsx": f"{_OPEN_XML}spreadsheetml.sheet",
        "pptx": f"{_OPEN_XML}presentationml.presentation",
    }
)
_FOLDERS: Final[Mapping[str, bytes]] = MappingProxyType(
    {"docx": b"word/", "xlsx": b"xl/", "pptx": b"ppt/"}
)
_IN_OLE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "doc": "application/msword",
        "xls": "application/vnd.ms-excel",
        "ppt": "application/vnd.ms-powerpoint",
        "msg": "application/vnd.ms-outlook",
    }
)
_TEXT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "csv": "text/csv",
        "geojson": "application/geo+json",
        "ics": "text/calendar",
        "ipynb": "application/x-ipynb+json",
        "json": "application/json",
        "markdown": "text/markdown",
        "md": "text/markdown",
        "srt": "application/x-subrip",
        "tsv": "text/tab-separated-values",
        "vtt": "text/vtt",
    }
)
_IN_XML: Final[Mapping[str, str]] = MappingProxyType(
    {
        "gpx": "application/gpx+xml",
        "kml": "application/vnd.google-earth.kml+xml",
        "musicxml": "application/vnd.recordare.musicxml+xml",
    }
)
_TEMPLATES: Final = frozenset(
    {"md", "markdown", "vue", "svelte", "jsx", "tsx", "php", "erb", "j2", "jinja", "tpl", "hbs"}
)
"""Extensions of sources that may begin with markup, and are read as text."""

_PROMISES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("avif", "heic", "heif"), "image/heif"),
        **dict.fromkeys(("jpeg", "jpg"), "image/jpeg"),
        **dict.fromkeys(("m4a", "m4v", "mov", "mp4"), "video/mp4"),
        "bmp": "image/bmp",
        "epub": "application/epub+zip",
        "flac": "audio/flac",
        "gif": "image/gif",
        "gz": "application/gzip",
        "mp3": "audio/mpeg",
        "oga": "audio/ogg",
        "ogg": "audio/ogg",
        "ogv": "video/ogg",
        "pdf": "application/pdf",
        "png": "image/png",
        "rar": "application/vnd.rar",
        "svg": SVG,
        "wav": "audio/wav",
        "webm": "video/webm",
        "webp": "image/webp",
        "zip": ZIP,
        "7z": "application/x-7z-compressed",
    }
)
"""What an extension promises the bytes to be."""

_CLAIMS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "application/csv": ("text",),
        "application/illustrator": ("application/pdf", "application/postscript"),
        "application/javascript": ("text",),
        "application/json": ("text",),
        "application/msword": (OLE, "application/rtf", ZIP, "text"),
        "application/postscript": ("application/postscript", "application/pdf"),
        "application/rtf": ("application/rtf",),
        "application/vnd.ms-excel": (OLE, ZIP, "text"),
        "application/vnd.ms-powerpoint": (OLE, ZIP),
        "application/vnd.sqlite3": ("application/vnd.sqlite3",),
        "application/x-compressed-tar": ("application/gzip", "application/x-tar"),
        "application/x-gtar": ("application/gzip", "application/x-tar"),
        "application/x-gzip": ("application/gzip",),
        "application/x-msdownload": ("application/x-executable",),
        "application/x-rar-compressed": ("application/vnd.rar",),
        "application/x-sh": ("text",),
        "application/x-shellscript": ("text",),
        "application/x-tar": (
            *("application/x-tar", "application/gzip", "application/x-bzip2"),
            *("application/x-xz", "application/zstd"),
        ),
        "application/x-zip-compressed": (ZIP,),
        "application/xhtml+xml": (HTML, XML),
        "application/xml": (XML, SVG, "text"),
        "application/yaml": ("text",),
        "audio/3gpp": ("film",),
        "audio/mp3": ("sound",),
        "audio/opus": ("ogg",),
        "audio/vnd.wave": ("audio/wav",),
        "audio/wave": ("audio/wav",),
        "audio/x-aiff": ("audio/aiff",),
        "audio/x-flac": ("audio/flac",),
        "audio/x-m4a": ("film",),
        "audio/x-matroska": ("matroska",),
        "audio/x-wav": ("audio/wav",),
        "image/heic-sequence": ("still",),
        "image/heif-sequence": ("still",),
        "image/jpg": ("image/jpeg",),
        "image/pjpeg": ("image/jpeg",),
        "image/x-icon": ("image/vnd.microsoft.icon",),
        "image/x-ms-bmp": ("image/bmp",),
        "image/x-png": ("image/png",),
        "text/rtf": ("application/rtf",),
        "text/xml": (XML, SVG, "text"),
        "video/avi": ("video/x-msvideo",),
        "video/x-m4v": ("film",),
        HTML: (HTML, "text"),
        SVG: (SVG,),
        XML: (XML, SVG, "text"),
    }
)
"""Families that a declared type may be written in, where they are more than its own."""

_WRITTEN: Final = frozenset({"text/plain", *_TEXT.values()})
"""Types of plain text."""

_TOLD: Final = frozenset(
    {*SIGNED, *FAMILIES, *_PROMISES.values(), *RASTER_IMAGES} - {UNKNOWN, SVG, HTML, XML}
)
"""Types whose bytes are known, so that a claim of one can be held against them."""

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
    # What stands in brackets declares texts of the drawing's own, each ending like a tag.
    + rb"(?><!doctype\s+svg[^\[>]{0,1000}(?>\[[^\]]{0,3500}\]\s*)?+>)?+"
    + _COMMENTS
    + rb"<(?:svg|svg:svg)[\s>/]",
    re.IGNORECASE | re.DOTALL,
)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def sniff(head: bytes, filename: str) -> str:
    """Return the media type of a file that starts with ``head``.

    ``filename`` only decides between types whose bytes look alike: kinds of text, and documents
    among archives. Bytes that nothing is known about are ``UNKNOWN``.
    """
    head = head[:HEAD_BYTES]
    found = binary_type(head)
    if found is None:
        return _text_type(head, filename) or UNKNOWN
    suffix = extension(filename)
    if found == OLE:
        return _IN_OLE.get(suffix, UNKNOWN)
    folder = _FOLDERS.get(suffix)
    if found == ZIP and folder and (folder in head or b"[Content_Types].xml" in head):
        return _IN_ZIP[suffix]
    return UNKNOWN if found == "application/x-executable" else found


def contradiction(head: bytes, filename: str, declared: str) -> str | None:
    """Return the family of the bytes when a claim about them contradicts it; else None.

    No declaration, ``application/octet-stream`` and types that are not known claim nothing, and
    bytes that are not known contradict nothing.
    """
    family = _family(head[:HEAD_BYTES], filename)
    promised = _PROMISES.get(extension(filename))
    claims = [_claimed(_bare(declared)), _claimed(promised) if promised else None]
    if family is None or all(claim is None or family in claim for claim in claims):
        return None
    return family


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


def _family(head: bytes, filename: str) -> str | None:
    if not head:
        return None
    found = binary_type(head) or _text_type(head, filename)
    if found is None:
        return None
    if found in {HTML, SVG, XML} or found not in _WRITTEN:
        return ZIP if _is_in_zip(found) else FAMILIES.get(found, _kin(found))
    return "text"


def _kin(media_type: str) -> str:
    return XML if media_type.endswith("+xml") and media_type != SVG else media_type


def _claimed(claim: str) -> tuple[str, ...] | None:
    """Return the families that a claim allows; None when it claims nothing that is known."""
    if claim in _CLAIMS:
        return _CLAIMS[claim]
    if _is_in_zip(claim):
        return (ZIP,)
    if claim.endswith("+xml"):
        return (XML, SVG, "text")
    if claim.endswith("+json") or claim.startswith("text/"):
        return ("text", XML, "application/rtf", "application/postscript")
    return (FAMILIES.get(claim, claim),) if claim in _TOLD else None


def _is_in_zip(media_type: str) -> bool:
    return (
        media_type == ZIP
        or media_type.endswith("+zip")
        or media_type.startswith((_OPEN_XML, "application/vnd.oasis.opendocument."))
        or media_type in {"application/java-archive", "application/vnd.android.package-archive"}
    )


def _text_type(head: bytes, filename: str) -> str | None:
    text = head.removeprefix(_BYTE_ORDER_MARK)
    if _CONTROL.search(text):
        return None
    suffix = extension(filename)
    if _SVG_ROOT.match(text):
        return SVG
    if _MARKUP_START.match(text) and suffix not in _TEMPLATES:
        return HTML
    if suffix in {"htm", "html", "xhtml"}:
        return HTML
    if _XML_START.match(text):
        return _IN_XML.get(suffix, XML)
    known = _TEXT.get(suffix)
    return known or ("text/plain" if is_utf8(text) else None)


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _is_plain(media_type: str) -> bool:
    if media_type == "application/json":
        return True
    return media_type.startswith("text/") and media_type not in {HTML, "text/xml"}
