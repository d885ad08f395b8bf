"""Sentences for readers who are not operators: without paths, addresses, files and hosts."""

import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

HIDDEN = "…"

_PLACE = re.compile(
    r"""[^\s'"`(),;]*[/\\@][^\s'"`(),;]*   # a path, a URL, an account
    | [^\s'"`(),;]*:[^\s'"`(),;]+           # a host with its port, a URL without slashes, IPv6
    | (?!\d+\.\d+\b(?!\.))[\w-]+(?:\.[\w-]+)+  # a host, an address, a file
    """,
    re.VERBOSE,
)


class Redaction:
    """Leaves out what looks like a place, and `hosts`, which look like any other word."""

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        known = {"localhost", socket.gethostname(), *hosts}
        words = "|".join(re.escape(each) for each in sorted(known, key=len, reverse=True) if each)
        self._hosts = re.compile(rf"(?<![\w-])(?:{words})(?![\w-])")

    def without(self, said: Mapping[str, str]) -> dict[str, str]:
        """Names and sentences as anybody may read them.

        Names that become the same are one, with their sentences after each other.
        """
        found: dict[str, list[str]] = {}
        for name, sentence in said.items():
            shown = _PLACE.sub(HIDDEN, re.sub(r":\S+", "", name))
            text = self._hosts.sub(HIDDEN, _PLACE.sub(HIDDEN, sentence))
            found.setdefault(shown, []).append(text)
        return {name: "; ".join(dict.fromkeys(sentences)) for name, sentences in found.items()}


def hosts_in(declared: Any) -> frozenset[str]:
    """The hosts of all URLs and of all keys named `host` in plain data, as they are written and in
    lower case."""
    found = {host for host in _hosts(declared) if host}
    return frozenset(found | {host.lower() for host in found})


def _hosts(declared: Any, key: str = "") -> Iterator[str]:
    if isinstance(declared, Mapping):
        for name, value in declared.items():
            yield from _hosts(value, str(name))
    elif isinstance(declared, list | tuple):
        for value in declared:
            yield from _hosts(value, key)
    elif isinstance(declared, str):
        yield from _hosts_of_text(declared, key)


def _hosts_of_text(text: str, key: str) -> Iterator[str]:
    if key == "host":
        yield text
    for url in text.split(","):
        if "://" not in url:
            continue
        try:
            authority = urlsplit(url.strip()).netloc
        except ValueError:
            continue
        host = authority.rpartition("@")[2]
        yield host.rpartition(":")[0] if re.search(r":\d*$", host) else host
