"""The time that the body of a request may take."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from litestar.types import HTTPReceiveMessage, HTTPScope, Receive

from colonnade.errors import RequestTimeout
from colonnade.http import BINDING, JSON, Binding

BODILESS = frozenset({"GET", "HEAD"})
"""Methods whose bodies nobody reads."""


@dataclass(frozen=True, slots=True)
class BodyTime:
    """`seconds` for a whole body; one that is streamed gets a second more for every `rate` bytes
    that have arrived, so that a large one may be slow and a slow one may not stand still."""

    seconds: float
    rate: int

    def left(self, waited: float, received: int, *, streamed: bool) -> float:
        """Seconds that may still be waited for a body; the reader's own slowness is not counted."""
        earned = received / self.rate if streamed else 0.0
        return self.seconds + earned - waited


class TimedBody:
    """Stands between the application and a body that must keep to its time."""

    def __init__(self, receive: Receive, limit: BodyTime, is_streamed: Callable[[], bool]) -> None:
        self._receive = receive
        self._limit = limit
        self._is_streamed = is_streamed
        self._waited = 0.0
        self._received = 0
        self._ended = False

    async def receive(self) -> HTTPReceiveMessage:
        """The next part.

        Raises:
            RequestTimeout: it did not come in time.
        """
        if self._ended:
            # What comes now is no body: that the client has gone.
            return await self._receive()  # type: ignore[return-value]
        left = self._limit.left(self._waited, self._received, streamed=self._is_streamed())
        began = time.monotonic()
        try:
            async with asyncio.timeout(left):
                message = await self._receive()
        except TimeoutError:
            raise RequestTimeout(
                f"The body did not arrive in time; {self._received} bytes of it did."
            ) from None
        self._waited += time.monotonic() - began
        if message["type"] == "http.request":
            self._received += len(message["body"])
            self._ended = not message.get("more_body", False)
        return message  # type: ignore[return-value]

    def let_go(self) -> None:
        """Hold the server's side of the request no more.

        The server closes a connection whose body did not come once nothing holds the body. An
        error on its way out leaves frames that hold this object, some of them until the garbage
        collector comes by: they shall not hold the connection.
        """
        self._receive = _gone


async def _gone() -> HTTPReceiveMessage:
    return {"type": "http.disconnect"}


def is_streamed(scope: HTTPScope) -> bool:
    """True when the matched route streams its body; before a route is matched, the body may
    stream."""
    handler: Any = scope.get("route_handler")
    if handler is None:
        return True
    binding = handler.opt.get(BINDING)
    return isinstance(binding, Binding) and binding.body not in ("", JSON)
