"""The `Bus` of one simulated process: its connection to the simulated broker."""

import asyncio
from contextvars import Context as Variables
from typing import Any

from colonnade.bus import AskHandler, Consumer, Deliver, Header, header_text
from colonnade.errors import DeadlineExceeded, Unavailable
from colonnade_runtime.testing.simulation.broker import Message, SimulatedBroker
from colonnade_runtime.testing.simulation.loop import SimulatedLoop

PATIENCE = 2.0
"""Seconds that a publication waits for its acknowledgement."""


class SimulatedBus:
    """See `colonnade.bus.Bus`. What goes wrong on the way is drawn from the seed."""

    durable = True

    def __init__(self, broker: SimulatedBroker, loop: SimulatedLoop) -> None:
        self.loop = loop
        self._broker = broker
        self._chance = loop.chance
        self._running: dict[asyncio.Task[Any], None] = {}
        self._is_open = False

    async def start(self) -> None:
        """Connect."""
        await asyncio.sleep(self._chance.hop())
        self._is_open = True

    async def stop(self, deadline: float) -> None:
        """Take no more events, let what runs end within `deadline` seconds, disconnect."""
        self._broker.leave(self)
        if self._running:
            await asyncio.wait(list(self._running), timeout=deadline)
        self._is_open = False
        self._broker.lose(self)

    async def check(self) -> str | None:
        """Report no fault."""
        return None

    async def serve(self, subject: str, handler: AskHandler) -> None:
        """Answer operations on `subject`."""
        self._broker.serve(self, subject, handler)

    async def ask(
        self,
        subject: str,
        payload: bytes,
        header: Header,
        timeout: float,  # noqa: ASYNC109
    ) -> bytes:
        """Ask whoever serves `subject`; see `Bus.ask`."""
        found = self._broker.who_serves(subject)
        if found is None or not self._is_open or self._chance.happens(self._chance.faults.refused):
            await asyncio.sleep(self._chance.hop())
            raise Unavailable(f"Nobody serves '{subject}' at the moment.")
        other, handler = found
        answer: asyncio.Future[bytes] = self.loop.create_future()
        if not self._chance.happens(self._chance.faults.lost):
            # On the other's loop: when that process dies first, nobody answers.
            hop = self._chance.hop()
            other.loop.post(hop, self._handle, other, handler, payload, header_text(header), answer)
        try:
            async with asyncio.timeout(timeout):
                return await answer
        except TimeoutError:
            raise DeadlineExceeded(
                f"'{subject}' did not answer within {timeout:.3g} seconds; it may have happened."
            ) from None

    async def consume(self, consumer: Consumer) -> None:
        """Deliver events of a type to `consumer` from now on."""
        self._broker.join(self, consumer)

    async def observe(self, event_type: str, deliver: Deliver) -> None:
        """Tell nobody: whoever acts in a simulation shows no credentials to be verified."""

    async def publish(self, event_type: str, key: str, message_id: str, envelope: bytes) -> None:
        """Hand over one event; the broker may have it although this raises."""
        if not self._is_open:
            raise Unavailable("The bus is closed.")
        await asyncio.sleep(self._chance.hop())
        if self._chance.happens(self._chance.faults.unaccepted):
            raise Unavailable(f"The broker did not take {message_id}.")
        self._broker.accept(Message(event_type, key, message_id, envelope))
        if self._chance.happens(self._chance.faults.unnoticed):
            await asyncio.sleep(PATIENCE)
            raise Unavailable(f"The broker did not say whether it took {message_id}.")
        await asyncio.sleep(self._chance.hop())

    def take(self, consumer: Consumer, envelope: bytes) -> "asyncio.Task[None]":
        """Let this process handle an event."""

        async def taken() -> None:
            await consumer.deliver(envelope)

        task = self.loop.create_task(taken(), name=f"take:{consumer.name}", context=Variables())
        self._track(task)
        return task

    def _track(self, task: "asyncio.Task[Any]") -> None:
        self._running[task] = None
        task.add_done_callback(lambda done: self._running.pop(done, None))

    def _handle(
        self,
        other: "SimulatedBus",
        handler: AskHandler,
        payload: bytes,
        header: Header,
        answer: "asyncio.Future[bytes]",
    ) -> None:
        async def answered() -> None:
            reply = await handler(payload, header)
            if not self._chance.happens(self._chance.faults.lost):
                self.loop.post(self._chance.hop(), _settle, answer, reply)

        other._track(other.loop.create_task(answered(), name="answer"))


def _settle(future: "asyncio.Future[bytes]", result: bytes) -> None:
    if not future.done():
        future.set_result(result)
