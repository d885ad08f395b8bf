"""Request bodies: kept whole when small, streamed once when large."""

from collections.abc import AsyncIterator
from typing import Any

from litestar.types import HTTPScope, Receive

from colonnade.errors import RequestTimeout

BUFFERED = 64 * 1024
"""Bytes of a body that are kept, so that the request can be sent again."""


class Body:
    """The body of one request, for one sending or several.

    `broken` says that it ended before it was whole: the client went away, or a chunk is malformed.
    `late` says that it took too long.
    """

    def __init__(self, scope: HTTPScope, receive: Receive) -> None:
        self._receive = receive
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"")
        self.length = int(length) if length.isdigit() else None
        self.present = b"transfer-encoding" in headers or bool(self.length)
        self.broken = False
        self.late: str | None = None
        self._kept: bytes | None = None
        self._streamed = False

    @property
    def repeatable(self) -> bool:
        """True when the body can be sent again."""
        return not self._streamed

    async def content(self) -> bytes | AsyncIterator[bytes] | None:
        """Body for one attempt."""
        if not self.present:
            return None
        if self._kept is None and self.length is not None and self.length <= BUFFERED:
            self._kept = b"".join([chunk async for chunk in self._chunks()])
        if self._kept is not None:
            return self._kept
        return self._stream()

    async def _stream(self) -> AsyncIterator[bytes]:
        self._streamed = True
        async for chunk in self._chunks():
            yield chunk

    async def _chunks(self) -> AsyncIterator[bytes]:
        while True:
            try:
                message: Any = await self._receive()
            except RequestTimeout as error:
                # The HTTP client tells of it in words of its own. The sentence alone: the error's
                # traceback holds this body, and with it the client's connection.
                self.late = error.message
                raise
            if message["type"] == "http.disconnect":
                self.broken = True
                raise ConnectionResetError("The body ended before it was complete.")
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body"):
                return
