"""Signatures of file formats: media types by the first bytes of a file.

Signatures are those of the formats' own specifications. Each type belongs to a family, the kind of
bytes that it is written in. A browser is never told more than what stands here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_START: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"\0\0\x01\0", "image/vnd.microsoft.icon"),
    (b"\xff\x0a", "image/jxl"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"%PDF-", "application/pdf"),
    (b"%!PS", "application/postscript"),
    (rb"{\rtf", "application/rtf"),
    (b"RF64", "audio/wav"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"ID3", "audio/mpeg"),
    (b"fLaC", "audio/flac"),
    (b"MThd", "audio/midi"),
    (b"#!AMR", "audio/amr"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
    (b"FLV\x01", "video/x-flv"),
    (b"\0\0\x01\xba", "video/mpeg"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
    (b"PAR1", "application/vnd.apache.parquet"),
    (b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
    (b"\x93NUMPY", "application/x-numpy"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"OTTO", "font/otf"),
    (b"\0\x01\0\0\0", "font/ttf"),
    (b"\0asm", "application/wasm"),
    (b"\x7fELF", "application/x-executable"),
    (b"MZ", "application/x-executable"),
    (b"\xcf\xfa\xed\xfe", "application/x-executable"),
    (b"\xca\xfe\xba\xbe", "application/x-executable"),
)
"""What files begin with."""

_RIFF: Final[Mapping[bytes, str]] = MappingProxyType(
    {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo", b"RMID": "audio/midi"}
)
"""Form types of RIFF, at byte 8."""

_BRANDS: Final[Mapping[bytes, str]] = MappingProxyType(
    {
        **dict.fromkeys((b"avif", b"avis"), "image/avif"),
        **dict.fromkeys((b"heic", b"heix", b"heim", b"heis"), "image/heic"),
        **dict.fromkeys((b"hevc", b"hevx", b"hevm", b"hevs"), "image/heic"),
        **dict.fromkeys((b"mif1", b"mif2", b"msf1", b"miaf"), "image/heif"),
        **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), "audio/mp4"),
        b"qt  ": "video/quicktime",
        b"crx ": "image/x-canon-cr3",
    }
)
"""Brands of the ISO base media file format (ISO 14496-12 §4.3); others are films."""

_WRITTEN: Final = frozenset({"application/pdf", "application/postscript", "application/rtf"})
"""Formats that are text themselves."""

_NO_TEXT: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
"""Control characters that no text has."""

_QUICKTIME: Final = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_PACKAGE_NAME: Final = b"mimetype"

FAMILIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("image/avif", "image/heic", "image/heif"), "still"),
        **dict.fromkeys(("audio/mp4", "video/mp4", "video/quicktime", "video/3gpp"), "film"),
        **dict.fromkeys(("video/webm", "audio/webm", "video/x-matroska"), "matroska"),
        **dict.fromkeys(("audio/ogg", "video/ogg", "application/ogg"), "ogg"),
        **dict.fromkeys(("audio/mpeg", "audio/aac"), "sound"),
        **dict.fromkeys(("font/otf", "font/ttf", "font/woff", "font/woff2"), "font"),
    }
)
"""Types that share their family; every other type is a family of its own."""

SIGNED: Final = frozenset(
    {media_type for _, media_type in _START}
    | {*_RIFF.values(), *_BRANDS.values(), "audio/aiff", "application/x-tar", "image/bmp"}
)
"""Types that bytes are told by."""


def binary_type(head: bytes) -> str | None:
    """Tell the media type of a file that begins with `head`; None where it is text or not known."""
    for signature, media_type in _START:
        if head.startswith(signature) and (media_type in _WRITTEN or not _is_text(head)):
            return media_type
    if _is_text(head):
        return None
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return "audio/aiff"
    if head[:4] in _ZIP:
        return _package_type(head)
    if head[:4] == b"OggS":
        return "video/ogg" if b"theora" in head[:256] else "audio/ogg"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head[257:262] == b"ustar":
        return "application/x-tar"
    return _base_media_type(head) or _sound_type(head) or _bitmap_type(head)


def _is_text(head: bytes) -> bool:
    """Tell text by its bytes: a binary file goes on with some that no text has.

    A few letters at the beginning are too few to tell by.
    """
    start = head[:64]
    return _NO_TEXT.search(start) is None and is_utf8(start)


def is_utf8(text: bytes) -> bool:
    """Tell whether bytes are UTF-8; a character that is cut in two by their end is no mistake."""
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.end == len(text)
    return True


def _package_type(head: bytes) -> str:
    """Read the type of a ZIP archive that says in its first entry what it is.

    Sources: OCF §4.3, OpenDocument §3.3.
    """
    if head[30:38] != _PACKAGE_NAME:
        return "application/zip"
    size = int.from_bytes(head[22:26], "little")
    begin = 38 + int.from_bytes(head[28:30], "little")
    said = head[begin : begin + size].decode("latin-1").strip()
    known = said == "application/epub+zip" or said.startswith("application/vnd.oasis.")
    return said if known and said.isascii() and said.isprintable() else "application/zip"


def _base_media_type(head: bytes) -> str | None:
    if head[4:8] in _QUICKTIME and head[0] == 0:
        return "video/quicktime"
    if head[4:8] != b"ftyp":
        return None
    size = min(int.from_bytes(head[:4], "big"), 256)
    brands = [head[8:12], *(head[place : place + 4] for place in range(16, size, 4))]
    if brands[0].startswith(b"3g"):
        return "video/3gpp"
    major = _BRANDS.get(brands[0], "video/mp4")
    if major != "image/heif":
        return major
    # A general brand of pictures; the compatible ones say how this one is encoded.
    named = [_BRANDS.get(brand) for brand in brands]
    return next((kind for kind in ("image/avif", "image/heic") if kind in named), major)


def _sound_type(head: bytes) -> str | None:
    if len(head) < 4 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    # An MPEG audio frame: eleven set bits, then a version, layer III and bit rate that exist.
    version, bit_rate, sample_rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    is_layer_3 = head[1] & 0xE6 == 0xE2 and version != 1
    return "audio/mpeg" if is_layer_3 and bit_rate not in {0, 15} and sample_rate != 3 else None


def _bitmap_type(head: bytes) -> str | None:
    is_bitmap = head[:2] == b"BM" and head[6:10] == b"\0\0\0\0" and len(head) > 14
    return "image/bmp" if is_bitmap else None
