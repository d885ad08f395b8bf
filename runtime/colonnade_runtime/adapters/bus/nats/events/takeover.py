"""Takeover of a consumer: a message that came before its predecessor waits for that one.

A process that dies, or loses the consumer to another, leaves messages behind that are delivered
and not acknowledged. They come again after a while; what was published since comes at once, and
must not pass those before it on the same subject.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from cachetools import FIFOCache

from colonnade.errors import ColonnadeError
from colonnade_runtime.adapters.bus.nats.connection.subjects import EventName
from colonnade_runtime.adapters.bus.nats.events.consumer_api import ConsumerApi
from colonnade_runtime.adapters.bus.nats.events.jetstream_message import JetStreamMessage

_EVERY = 0.1
"""Seconds between two looks at how the consumer stands."""

_REMEMBERED = 10_000
"""Messages that are known to have been handled here."""


class ConsumerTakeover:
    """Watches from the moment a consumer becomes ours until everything before is accounted for.

    `known` says which messages are here or were given back from here. All others come again
    within `grace` seconds, so the watch ends then. Who waits longer than `patience` is given
    back, and makes room.
    """

    def __init__(
        self,
        jetstream: ConsumerApi,
        event: EventName,
        name: str,
        known: Callable[[], set[int]],
        *,
        patience: float,
        grace: float,
    ) -> None:
        self._jetstream = jetstream
        self._event = event
        self._name = name
        self._known = known
        self._patience = patience
        self._grace = grace
        self._watching = False
        self._since = 0.0
        self._last: int | None = None
        self._floor = 0
        self._handled: FIFOCache[int, bool] = FIFOCache(_REMEMBERED)
        self._looked = 0.0
        self._looking = asyncio.Lock()
        self._stopping = False

    def watch(self) -> None:
        """Begin to watch: the consumer is ours since now, and its stream may be another."""
        self._floor = 0
        self._handled.clear()
        self._watching = True
        self._since = time.monotonic()
        self._last = None
        self._looked = 0.0

    @property
    def is_watching(self) -> bool:
        """Tell whether a message may still be missing."""
        return self._watching

    def handled(self, sequence: int) -> None:
        """A message was handled here."""
        self._handled[sequence] = True

    def stop(self) -> None:
        """Let nobody wait any longer."""
        self._stopping = True

    async def look(self) -> None:
        """See whether the watch is over.

        Raises:
            Unavailable, DeadlineExceeded: when the server does not say.
        """
        if self._watching:
            async with self._looking:
                await self._look()

    async def passed(self, message: JetStreamMessage, is_first: Callable[[], bool]) -> bool:
        """Wait until the message before this one on its subject is settled, for as long as this
        is the first of those here; False when that takes too long."""
        until = time.monotonic() + self._patience
        previous = message.previous
        while self._watching and is_first():
            if time.monotonic() > until or self._stopping:
                return False
            # Without a known predecessor only the end of the watch lets a message pass.
            if previous is not None and self._is_settled(previous):
                return True
            with suppress(ColonnadeError):
                # Not known is not passed.
                await self.look()
            if previous is None or not self._is_settled(previous):
                await asyncio.sleep(_EVERY / 2)
        return True

    def _is_settled(self, sequence: int) -> bool:
        return sequence <= self._floor or sequence in self._handled

    async def _look(self) -> None:
        since = self._since
        if not self._watching or time.monotonic() - self._looked < _EVERY:
            return
        before = self._known()
        state = await self._jetstream.state(self._event, self._name)
        if self._since != since:
            # The consumer was lost and became ours anew meanwhile.
            return
        # What was settled, or arrived, while the server looked may not be among what it counted.
        known = len(before & self._known())
        self._looked = time.monotonic()
        self._floor = state.floor
        if self._last is None:
            # Whatever was delivered to somebody before is among these. It comes again in any
            # order: what was given back waits for a while of its own.
            self._last = state.delivered
        over = self._looked - self._since > self._grace
        if over or state.floor >= self._last or state.outstanding <= known:
            self._watching = False
