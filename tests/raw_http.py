"""HTTP as bytes on a socket: what no client library would send, and what came back of it."""

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; header names are in small letters, repeated ones in order."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of one header."""
        return [value for found, value in self.headers if found == name]


async def exchanged(base: str, request: bytes, *, hang_up: bool = False) -> Answer | None:
    """The answer to these bytes; nothing when the server hung up without one.

    With `hang_up` the client ends its half of the connection after them.
    """
    parts = urlsplit(base)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(request)
        if hang_up:
            writer.write_eof()
        async with asyncio.timeout(SECONDS):
            return await _answer(reader, request.startswith(b"HEAD"))
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader, head_only: bool) -> Answer | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
    pairs = [line.partition(":") for line in lines]
    headers = [(name.lower(), value.strip()) for name, _, value in pairs]
    status, length = int(first.split()[1]), dict(headers).get("content-length")
    if head_only or status in (204, 304):
        body = b""
    elif length is not None:
        body = await reader.readexactly(int(length))
    else:
        body = await reader.read()
    return Answer(status, headers, body)
