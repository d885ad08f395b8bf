"""Notices when a message came before its predecessor, and waits for that one.

A process that dies, or loses the consumer to another, leaves messages behind that are delivered
and not acknowledged. They come again after a while; what was published since comes at once, and
must not pass those before it on the same subject.
"""

import asyncio
import time

from colonnade.errors import ColonnadeError
from colonnade_runtime.adapters.bus.nats.delivery import JetStreamMessage
from colonnade_runtime.adapters.bus.nats.jetstream import JetStream
from colonnade_runtime.adapters.bus.nats.subjects import EventName

_EVERY = 0.1
"""Seconds between two looks at how the consumer stands."""


class Gaps:
    """Watches from the moment a consumer becomes ours until everything before is settled.

    `patience` is in seconds: who waits longer is given back, and makes room.
    """

    def __init__(
        self, jetstream: JetStream, event: EventName, name: str, *, patience: float
    ) -> None:
        self._jetstream = jetstream
        self._event = event
        self._name = name
        self._patience = patience
        self._first: int | None = None
        self._floor = 0
        self._settled: set[int] = set()
        self._looked = 0.0
        self._looking = asyncio.Lock()
        self._stopping = False

    def watch(self, first: int) -> None:
        """The consumer is ours from the message `first` on."""
        self._first = first
        self._settled.clear()
        self._floor = 0
        self._looked = 0.0

    def settled(self, sequence: int) -> None:
        """A message was handled here."""
        if self._first is not None:
            self._settled.add(sequence)

    def stop(self) -> None:
        """Whoever waits, waits no longer."""
        self._stopping = True

    async def look(self) -> None:
        """See whether the watch is over.

        Raises:
            Unavailable, DeadlineExceeded: when the server does not say.
        """
        if self._first is None:
            return
        async with self._looking:
            if time.monotonic() - self._looked >= _EVERY and self._first is not None:
                await self._refresh(self._first)

    async def passed(self, message: JetStreamMessage) -> bool:
        """Wait until the message before this one on its subject is settled; False when that
        takes too long."""
        first = self._first
        if first is None or message.sequence < first:
            return True
        until = time.monotonic() + self._patience
        previous: int | None = None
        while time.monotonic() < until and not self._stopping:
            try:
                if previous is None:
                    previous = await self._jetstream.previous(
                        self._event, message.subject, message.sequence
                    )
                # What came to us before stands in the queue before this one.
                if previous >= first or previous <= self._floor or previous in self._settled:
                    return True
                await self.look()
            except ColonnadeError:
                # Not known is not passed.
                previous = None
            if self._first is None:
                return True
            await asyncio.sleep(_EVERY / 2)
        return False

    async def _refresh(self, first: int) -> None:
        state = await self._jetstream.state(self._event, self._name)
        self._looked = time.monotonic()
        self._floor = state.floor
        if state.floor >= first or state.outstanding == 0:
            self._first = None
            self._settled.clear()
