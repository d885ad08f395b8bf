"""Header fields as RFC 5322, RFC 2047 and RFC 6532 have them, octet by octet.

The standard library folds some of them wrongly, each version its own: a web address becomes
encoded words, which nobody may decode inside <…> (RFC 2047 §5), and a long name loses its quotes,
after which its commas divide it into addresses (python/cpython#80222, #121284).
"""

import base64
import re
from urllib.parse import quote, urlsplit

import idna

from colonnade_notification.addressing.mailboxes import Mailbox, quoted_string
from colonnade_notification.wording.lines import one_line

MAXIMUM_LINE = 998
"""Octets of one line, without its end (RFC 5322 §2.1.1)."""

_USUAL_LINE = 78
"""Octets that a line should have at most (RFC 5322 §2.1.1)."""

_ENCODED_LINE = 76
"""Octets of a line with an encoded word in it (RFC 2047 §2)."""

_ENCODED_WORD = 75
_LONGEST_WORD = 70
"""A longer word is encoded, so that lines can end within it."""

_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_PLAIN = re.compile(r"[ -~]*")
# What RFC 2047 §5 (3) lets stand in a phrase as it is.
_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


def text_field(name: str, text: str) -> bytes:
    """A field of free text, such as a subject; folded, and encoded where it has to be."""
    words = one_line(text).split(" ")
    if _is_plain(" ".join(words)) and max(map(len, words)) <= _LONGEST_WORD:
        return _lines(_folded(f"{name}:", words))
    return _lines(_encoded(f"{name}: ", " ".join(words)))


def mailbox_field(name: str, shown: Mailbox) -> bytes:
    """A field that names one mailbox, and stays one whatever is in the name.

    A quoted name is not folded within its quotes: readers exist that take it apart there.
    """
    if not shown.name:
        return _lines([f"{name}: {shown.address}"])
    address = f"<{shown.address}>"
    phrase = shown.name if _ATOMS.fullmatch(shown.name) else quoted_string(shown.name)
    if _is_plain(shown.name) and len(name) + 2 + len(phrase) <= MAXIMUM_LINE:
        return _lines(_beside([f"{name}: {phrase}"], address, _USUAL_LINE))
    return _lines(_beside(_encoded(f"{name}: ", shown.name), address, _ENCODED_LINE))


def plain_field(name: str, value: str) -> bytes:
    """A field that machines read: one line, neither folded nor encoded.

    Raises:
        ValueError: when it is not ASCII, or longer than a line may be.
    """
    line = f"{name}: {value}"
    if _PLAIN.fullmatch(line) is None or len(line) > MAXIMUM_LINE:
        raise ValueError(f"{name} does not fit in one line of ASCII")
    return _lines([line])


def ascii_url(url: str) -> str:
    """A web address as a header holds it (RFC 3986): its host by RFC 5891, all else in percent.

    Raises:
        ValueError: when its host cannot exist.
    """
    parts = urlsplit(url)
    netloc = parts.netloc
    if not netloc.isascii():
        host = idna.encode(parts.hostname or "", uts46=True).decode()
        netloc = host if parts.port is None else f"{host}:{parts.port}"
    path, query = (quote(part, safe="/?%:@!$&'()*+,;=~-._") for part in (parts.path, parts.query))
    return parts._replace(netloc=netloc, path=path, query=query, fragment="").geturl()


def _is_plain(text: str) -> bool:
    # What looks like an encoded word would be decoded.
    return _PLAIN.fullmatch(text) is not None and "=?" not in text


def _folded(line: str, words: list[str]) -> list[str]:
    lines = [line]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _USUAL_LINE:
            lines.append(word)
        else:
            lines[-1] += f" {word}"
    return lines


def _beside(lines: list[str], address: str, limit: int) -> list[str]:
    if len(lines[-1]) + 2 + len(address.encode()) <= limit:
        return [*lines[:-1], f"{lines[-1]} {address}"]
    return [*lines, address]


def _lines(lines: list[str]) -> bytes:
    return "\r\n ".join(lines).rstrip(" ").encode() + b"\r\n"


def _encoded(start: str, text: str) -> list[str]:
    """Encoded words (RFC 2047 §2), one for each line; the first comes after `start`."""
    wrap = min(_q, _b, key=lambda each: len(each(text.encode())))
    words: list[str] = []
    pending = b""
    limit = _ENCODED_LINE - len(start)
    for letter in text:
        octets = letter.encode()
        # No letter is divided between two words (§5).
        if pending and len(wrap(pending + octets)) > limit:
            words.append(wrap(pending))
            pending, limit = b"", _ENCODED_WORD
        pending += octets
    first, *others = [*words, wrap(pending)]
    return [start + first, *others]


def _q(octets: bytes) -> str:
    letters = ("_" if one == 32 else chr(one) if one in _SAFE else f"={one:02X}" for one in octets)
    return f"=?utf-8?q?{''.join(letters)}?="


def _b(octets: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(octets).decode()}?="
