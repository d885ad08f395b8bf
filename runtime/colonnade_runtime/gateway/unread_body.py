"""The rest of a request that was refused before it had been read."""

import asyncio
from contextlib import suppress

from litestar.types import HTTPReceiveMessage, Receive

MAXIMUM = 32 * 1024 * 1024
"""Bytes that are read only to be dropped."""

SECONDS = 5.0
"""How long that may take."""

METHODS = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose requests carry a body."""


class UnreadBody:
    """Stands between the application and the body of one request.

    A server that answers and hangs up while its client still sends has the connection reset, and
    the client then never sees the answer (RFC 9112 §9.6): what is left is read first, within
    bounds.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def receive(self) -> HTTPReceiveMessage:
        """The next part, for the application."""
        message = await self._receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            self._ended = True
        return message  # type: ignore[return-value]

    async def drain(self) -> None:
        """Drop what the application has not read."""
        left = MAXIMUM
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS):
                while not self._ended and left > 0:
                    message = await self.receive()
                    if message["type"] == "http.request":
                        left -= len(message["body"])
