"""Names of files, as people give them: cleaned on the way in, quoted on the way out."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal
from urllib.parse import quote

MAXIMUM_NAME_BYTES = 200
MAXIMUM_EXTENSION_LENGTH = 12
_MAXIMUM_RAW_LENGTH = 4096

# Marks that reorder or hide what surrounds them: "exe.<RLO>gpj" would be shown as "exe.jpg".
_DECEPTIVE = frozenset(
    "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
_UNPRINTABLE = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})
_UNWELCOME = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)", re.IGNORECASE)
_EXTENSION = re.compile(rf"(?<=.)\.[A-Za-z0-9]{{1,{MAXIMUM_EXTENSION_LENGTH}}}$")

# RFC 8187 §3.2.1, attr-char, without what `quote` never escapes anyway.
_ATTRIBUTE_CHARACTERS = "!#$&+^`|"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 !#$&'()+,;=@^_`{}~.\[\]-]+")


def clean_file_name(raw: str, *, fallback: str = "file") -> str:
    """Return the part of ``raw`` that is safe to store, show and hand to any operating system.

    Folders, control characters, direction overrides and characters that Windows forbids are
    removed, reserved device names are prefixed, and the whole is at most ``MAXIMUM_NAME_BYTES``
    bytes of UTF-8 with its extension kept. Cleaning twice changes nothing more. ``fallback`` is
    the answer when nothing is left.
    """
    name = re.split(r"[/\\]", raw[-_MAXIMUM_RAW_LENGTH:])[-1]
    name = unicodedata.normalize("NFC", name)
    name = "".join(character for character in name if _is_welcome(character))
    name = _UNWELCOME.sub("_", name)
    name = _shortened(" ".join(name.split()).lstrip(". ")).rstrip(". ")
    if not name:
        return fallback
    return f"_{name}" if _RESERVED.match(name) else name


def content_disposition(disposition: Literal["inline", "attachment"], name: str) -> str:
    """Return the value of a ``Content-Disposition`` header for a file called ``name``.

    A name beyond plain ASCII is given twice: as ``filename*`` in UTF-8 (RFC 8187 §3.2) for every
    browser of today, and as an ASCII approximation in ``filename`` (RFC 6266 §4.3).
    """
    cleaned = clean_file_name(name)
    if _PLAIN_NAME.fullmatch(cleaned):
        return f'{disposition}; filename="{cleaned}"'
    encoded = quote(cleaned, safe=_ATTRIBUTE_CHARACTERS)
    return f"{disposition}; filename=\"{_approximation(cleaned)}\"; filename*=UTF-8''{encoded}"


def extension(name: str) -> str:
    """Return the extension of ``name`` in lower case without its dot, or ``""``."""
    found = _EXTENSION.search(name)
    return found.group()[1:].lower() if found else ""


def _is_welcome(character: str) -> bool:
    return character not in _DECEPTIVE and unicodedata.category(character) not in _UNPRINTABLE


def _shortened(name: str) -> str:
    # One byte is kept free for the prefix of a reserved name.
    room = MAXIMUM_NAME_BYTES - 1
    if len(name.encode()) <= room:
        return name
    found = _EXTENSION.search(name)
    ending = found.group() if found else ""
    stem = name[: len(name) - len(ending)].encode()[: room - len(ending)]
    return stem.decode(errors="ignore").rstrip(". ") + ending


def _approximation(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return "".join(c if _PLAIN_NAME.fullmatch(c) else "_" for c in plain)
