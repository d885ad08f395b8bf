"""The memory bus: the same bytes that a broker would carry, within one process."""

import asyncio

from colonnade.background_tasks import cancel_tasks
from colonnade.bus import AskHandler, Consumer, Deliver, Header
from colonnade.errors import ConfigurationError, Unavailable
from colonnade_runtime.adapters.bus.key_queues import KeyQueues
from colonnade_runtime.adapters.bus.local_answers import local_answer

PARALLEL_KEYS = 256
"""Keys of one consumer that may be handled at the same time."""


class MemoryBus:
    """A `colonnade.bus.Bus` for services that share a process.

    It keeps nothing: an event is accepted when every consumer has acknowledged it, so what was
    not handled stays in its outbox.
    """

    durable = False

    def __init__(self, *, parallel_keys: int = PARALLEL_KEYS) -> None:
        self._parallel_keys = parallel_keys
        self._handlers: dict[str, AskHandler] = {}
        self._consumers: dict[str, list[KeyQueues]] = {}
        self._observers: dict[str, list[Deliver]] = {}
        self._asking = 0
        self._idle: asyncio.Event | None = None
        self._accepting = False
        self._open = False

    async def start(self) -> None:
        """Begin to carry messages."""
        self._open = self._accepting = True

    async def stop(self, deadline: float) -> None:
        """Take no more events, let what runs end within `deadline` seconds, close.

        Operations are answered while handlers and reactions end, because those ask others.
        """
        self._accepting = False
        lanes = [lane for group in self._consumers.values() for lane in group]
        for lane in lanes:
            lane.stop()
        running = {task for lane in lanes for task in lane.running()}
        try:
            async with asyncio.timeout(deadline):
                if running:
                    await asyncio.wait(running)
                await self._until_idle()
        except TimeoutError:
            await cancel_tasks(running)
        self._open = False

    async def check(self) -> str | None:
        """Report no fault: there is no connection to lose within one process."""
        return None

    async def _until_idle(self) -> None:
        if self._asking:
            self._idle = asyncio.Event()
            await self._idle.wait()

    async def serve(self, subject: str, handler: AskHandler) -> None:
        """Answer operations on `subject`.

        Raises:
            ConfigurationError: when `subject` is served already.
        """
        if subject in self._handlers:
            raise ConfigurationError(f"'{subject}' is served twice in this process.")
        self._handlers[subject] = handler

    async def ask(
        self,
        subject: str,
        payload: bytes,
        header: Header,
        timeout: float,  # noqa: ASYNC109
    ) -> bytes:
        """Hand `payload` and `header` to who serves `subject`; see `Bus.ask`."""
        handler = self._handlers.get(subject)
        if handler is None or not self._open:
            raise Unavailable(f"Nobody serves '{subject}' at the moment.")
        self._asking += 1
        try:
            return await local_answer(subject, handler, payload, header, timeout)
        finally:
            self._asking -= 1
            if self._idle is not None and self._asking == 0:
                self._idle.set()

    async def consume(self, consumer: Consumer) -> None:
        """Deliver events of a type to `consumer` from now on.

        Raises:
            ConfigurationError: when a consumer of this name takes this type already.
        """
        group = self._consumers.setdefault(consumer.event_type, [])
        if any(lane.consumer.name == consumer.name for lane in group):
            raise ConfigurationError(
                f"'{consumer.name}' consumes '{consumer.event_type}' twice; give it another name."
            )
        group.append(KeyQueues(consumer, self._parallel_keys))

    async def observe(self, event_type: str, deliver: Deliver) -> None:
        """Hand every event of a type to `deliver` as it is published."""
        self._observers.setdefault(event_type, []).append(deliver)

    async def publish(self, event_type: str, key: str, message_id: str, envelope: bytes) -> None:
        """Hand one event to every consumer and wait until all have acknowledged it."""
        if not self._accepting:
            raise Unavailable(f"The bus takes no events; {message_id} stays in its outbox.")
        for observer in self._observers.get(event_type, ()):
            await observer(envelope)
        group = self._consumers.get(event_type)
        if not group:
            return
        acknowledged = [lane.put(key, envelope) for lane in group]
        if len(acknowledged) > 1:
            await asyncio.wait(acknowledged)
        for answer in acknowledged:
            await answer
