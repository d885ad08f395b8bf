"""Endpoints of push services: on the internet, and nowhere else.

An endpoint comes from a browser, so from anybody. Its host is looked up once, every address of it
must be public, and the connection goes to an address that was looked at: a name that answers
differently a moment later leads nowhere.
"""

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from urllib.parse import SplitResult, urlsplit

import idna

from colonnade_notification.channels.push.public_addresses import Address, is_public, is_public_name

LOOKUP_SECONDS = 5.0
"""The most that looking up one host may take."""

_THREADS = 8
_INWARD = "points to this machine or a private network"


class EndpointRefused(ValueError):
    """The endpoint is not one that messages may be sent to; the text completes "The endpoint …"."""


@dataclass(frozen=True, slots=True)
class PinnedEndpoint:
    """An endpoint with the address that its name had when it was looked at."""

    url: str
    """The address in place of the name."""
    host: str
    """For the `Host` header and the certificate."""
    authority: str
    origin: str


def parse_endpoint(text: str, *, private: bool) -> SplitResult:
    """Take an endpoint apart.

    Raises:
        EndpointRefused: it is not an HTTPS address, or carries credentials or odd ports.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise EndpointRefused("is not a web address") from None
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise EndpointRefused("must begin with https://")
    if parts.username is not None or parts.password is not None or not parts.hostname:
        raise EndpointRefused("must name a host, without credentials")
    if port not in (None, 443) and not private:
        raise EndpointRefused("must be on port 443")
    return parts


def check_literal(parts: SplitResult, *, private: bool) -> None:
    """Refuse a host whose name or address is not public, without a look-up.

    Raises:
        EndpointRefused: it points inward.
    """
    if not private and not is_public_name(parts.hostname or ""):
        raise EndpointRefused(_INWARD)


def canonical(parts: SplitResult) -> str:
    """The one spelling under which an endpoint is kept: host in ASCII and lower case, no default
    port, no fragment.

    Raises:
        EndpointRefused: it names a host that cannot exist.
    """
    host = (parts.hostname or "").rstrip(".")
    try:
        host = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except UnicodeError:
        raise EndpointRefused("names a host that cannot exist") from None
    shown = f"[{host}]" if ":" in host else host
    usual = {"https": 443, "http": 80}[parts.scheme]
    netloc = shown if parts.port in (None, usual) else f"{shown}:{parts.port}"
    return parts._replace(netloc=netloc, path=parts.path or "/", fragment="").geturl()


async def pin(text: str, *, private: bool) -> PinnedEndpoint:
    """Resolve an endpoint's host, and pin the connection to one address of the answer.

    Raises:
        EndpointRefused: any of its addresses is not public, or it has none.
        OSError, TimeoutError: the look-up failed, which may pass.
    """
    parts = parse_endpoint(text, private=private)
    check_literal(parts, private=private)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = await _addresses(host, port)
    if not private and not all(is_public(address) for address in found):
        raise EndpointRefused(_INWARD)
    chosen = found[0]
    literal = f"[{chosen}]" if chosen.version == 6 else str(chosen)
    shown = f"[{host}]" if ":" in host else host
    authority = shown if parts.port is None else f"{shown}:{parts.port}"
    target = parts._replace(netloc=f"{literal}:{port}", fragment="").geturl()
    return PinnedEndpoint(target, host, authority, f"{parts.scheme}://{authority}")


@cache
def _lookups() -> ThreadPoolExecutor:
    # Apart from the loop's own threads: a stranger's name server may keep all of these waiting.
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="push-lookup")


async def _addresses(host: str, port: int) -> list[Address]:
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    async with asyncio.timeout(LOOKUP_SECONDS):
        try:
            loop = asyncio.get_running_loop()
            answers = await loop.run_in_executor(_lookups(), look_up)
        except UnicodeError:
            raise EndpointRefused("names a host that cannot exist") from None
    found = [ipaddress.ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers]
    if not found:
        raise EndpointRefused("names a host without an address")
    return found
