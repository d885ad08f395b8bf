"""The rest of a request that was refused before it had been read."""

import asyncio
from contextlib import suppress

from litestar.types import HTTPReceiveMessage, Receive

from colonnade.errors import InvalidRequest, RequestTimeout

MAXIMUM = 32 * 1024 * 1024
"""Bytes that are read only to be dropped."""

SECONDS = 5.0
"""Seconds that discarding may take."""

METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""Methods whose requests carry a body."""


class UnreadBody:
    """Stands between the application and the body of one request.

    A server that answers and hangs up while its client still sends has the connection reset, and
    the client then never sees the answer (RFC 9112 §9.6): what is left is read first, within
    bounds. `is_broken` says that it did not come whole: the connection cannot be used again.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False
        self.is_broken = False

    async def receive(self) -> HTTPReceiveMessage:
        """The next part, for the application.

        Raises:
            InvalidRequest: the body ends before it is complete: the client left, or a chunk is
                malformed (RFC 9112 §8). After its end a client that leaves is no error.
        """
        try:
            message = await self._receive()
        except RequestTimeout:
            # The rest of it will not come either.
            self._ended, self.is_broken = True, True
            raise
        if message["type"] == "http.disconnect" and not self._ended:
            self._ended, self.is_broken = True, True
            raise InvalidRequest("The body ended before it was complete.")
        if message["type"] != "http.request" or not message.get("more_body", False):
            self._ended = True
        return message  # type: ignore[return-value]

    async def drain(self) -> None:
        """Drop what the application has not read."""
        left = MAXIMUM
        with suppress(TimeoutError, InvalidRequest, RequestTimeout):
            async with asyncio.timeout(SECONDS):
                while not self._ended and left > 0:
                    message = await self.receive()
                    if message["type"] == "http.request":
                        left -= len(message["body"])
        self.is_broken = self.is_broken or not self._ended
