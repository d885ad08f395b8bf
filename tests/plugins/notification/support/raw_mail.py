"""A reader of mail as the RFCs have it, octet by octet, which shares no code with the writer."""

import base64
import re

_WORD = re.compile(r"=\?utf-8\?([qb])\?([^? ]*)\?=")


def fields_of(raw: bytes) -> dict[str, str]:
    """The fields of a mail, unfolded; lines and names are held to RFC 5322 and RFC 2047."""
    head, _, _ = raw.partition(b"\r\n\r\n")
    fields: dict[str, str] = {}
    name = ""
    for octets in head.split(b"\r\n"):
        line = octets.decode("utf-8")
        assert len(octets) <= 998, line
        assert "\r" not in line, line
        assert "\n" not in line, line
        assert "=?utf-8?" not in line or len(octets) <= 76, line
        if line[0] == " ":
            assert line.strip(), "a line of nothing but spaces"
            fields[name] += line
            continue
        name, colon, value = line.partition(":")
        assert colon, line
        assert name not in fields, f"twice {name}"
        fields[name] = value.removeprefix(" ")
    return fields


def text_of(value: str) -> str:
    """Free text with encoded words in it (RFC 2047 §6.2)."""
    joined = re.sub(r"(\?=) +(?==\?)", r"\1", value)
    return _WORD.sub(_decoded, joined)


def mailboxes_of(value: str) -> list[tuple[str, str]]:
    """Name and address of each mailbox in a field (RFC 5322 §3.4), divided before decoding."""
    return [_mailbox(part) for part in _divided(value)]


def _divided(value: str) -> list[str]:
    parts, quoted, escaped = [""], False, False
    for letter in value:
        if escaped:
            escaped = False
        elif letter == "\\" and quoted:
            escaped = True
        elif letter == '"':
            quoted = not quoted
        elif letter in ",;:" and not quoted:
            parts.append("")
            continue
        parts[-1] += letter
    assert not quoted, value
    return parts


def _mailbox(part: str) -> tuple[str, str]:
    if not part.endswith(">"):
        return "", part.strip()
    phrase, _, address = part[:-1].rpartition("<")
    phrase = phrase.strip()
    if phrase.startswith('"'):
        assert phrase.endswith('"'), part
        assert "=?" not in phrase, "readers decode that within quotes, too"
        return re.sub(r"\\(.)", r"\1", phrase[1:-1]), address
    for word in phrase.split(" "):
        assert re.fullmatch(r"[\w!#$%&'*+/=?^`{|}~-]+", word, re.ASCII), phrase
    return text_of(phrase), address


def _decoded(word: "re.Match[str]") -> str:
    assert len(word[0]) <= 75, word[0]
    if word[1] == "b":
        return base64.b64decode(word[2], validate=True).decode("utf-8")
    assert re.fullmatch(r"([A-Za-z0-9!*+/_-]|=[0-9A-F]{2})*", word[2]), word[0]
    octets = re.sub(
        rb"=([0-9A-F]{2})",
        lambda found: bytes([int(found[1], 16)]),
        word[2].replace("_", " ").encode(),
    )
    return octets.decode("utf-8")
