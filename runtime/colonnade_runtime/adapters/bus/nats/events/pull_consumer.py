"""Pull consumer: asks a durable consumer for messages and keeps them alive while handled."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import msgspec
import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from colonnade.background_tasks import background_task
from colonnade.bus import Consumer
from colonnade.errors import ColonnadeError, DeadlineExceeded, Unavailable
from colonnade.waiting import until
from colonnade_runtime.adapters.bus.nats.connection.connection import Connection
from colonnade_runtime.adapters.bus.nats.connection.subjects import EventName, consumer_name
from colonnade_runtime.adapters.bus.nats.events.consumer_api import GROUP, ConsumerApi
from colonnade_runtime.adapters.bus.nats.events.jetstream_message import (
    ACKNOWLEDGED_AT,
    LONGEST_PAUSE,
    JetStreamMessage,
)
from colonnade_runtime.adapters.bus.nats.events.streams import ForeignStream
from colonnade_runtime.adapters.bus.nats.events.subject_order import SubjectOrder
from colonnade_runtime.adapters.bus.nats.events.takeover import ConsumerTakeover

_OVER = frozenset({"404", "408"})
_HEARTBEAT = "100"
_ANOTHER_HAS_IT = "423"


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    """Settings of a consumer; all times in seconds.

    `parallel` subjects are handled at once, and at most `room` messages are here unhandled. One
    that is not acknowledged or kept alive for `ack_wait` is delivered again; who asks for
    nothing for `pinned` may lose the consumer to another process. Every `tick` messages are kept
    alive and the state is looked at; after `silence` the consumer is set up anew.
    """

    parallel: int = 256
    room: int = 1000
    batch: int = 250
    ack_wait: float = 6.0
    pinned: float = 3.0
    tick: float = 1.0
    expires: float = 30.0
    heartbeat: float = 2.0
    silence: float = 6.0


class PullConsumer:
    """Consumer of the events of one type.

    Its durable consumer pins one client (ADR-42): one process at a time gets the messages, so that
    the order of a key holds over processes. A message with another pin says that the consumer was
    another's until now, whose unfinished messages come again in any order.
    """

    def __init__(
        self,
        connection: Connection,
        jetstream: ConsumerApi,
        consumer: Consumer,
        log: Any,
        settings: ConsumerSettings,
    ) -> None:
        self.consumer = consumer
        self._connection = connection
        self._jetstream = jetstream
        self._settings = settings
        self._event = EventName.of(consumer.event_type)
        self._name = consumer_name(consumer.name, self._event)
        self._log = log.bind(consumer=consumer.name)
        self._gaps = ConsumerTakeover(
            jetstream,
            self._event,
            self._name,
            lambda: self._order.known,
            patience=2 * settings.ack_wait,
            grace=2 * settings.ack_wait + LONGEST_PAUSE,
        )
        self._order: SubjectOrder[JetStreamMessage] = SubjectOrder(
            consumer.name, self._gaps.passed, self._handle, self._settled, settings.parallel
        )
        self._subscription: Subscription | None = None
        self._ticker: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._inbox = ""
        self._pin: str | None = None
        self._asked = 0
        self._heard = 0.0
        self.broken = True
        self._said = ""
        self._stopping = False

    async def start(self) -> None:
        """Begin. Where the server is not ready for that, it is tried again until it is."""
        self._inbox, self._subscription = await self._connection.pull(self._received)
        await self._look()
        self._ticker = background_task(self._tick(), name=f"pull:{self.consumer.name}")

    def begin_anew(self) -> None:
        """The connection was lost and is back: what was asked for is forgotten there."""
        self.broken = True
        self._wake.set()

    async def stop(self) -> "set[asyncio.Task[None]]":
        """Ask for no more, give back what has not begun; answers the tasks of what runs on."""
        self._stopping = True
        self._gaps.stop()
        if self._subscription is not None:
            try:
                await self._subscription.unsubscribe()
            except (nats.errors.Error, OSError):
                self._subscription = None
        return await self._order.stop()

    async def close(self) -> None:
        """End the keeping alive, and let another process have the consumer at once."""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
        try:
            if self._pin and self._connection.up:
                await self._jetstream.release(self._event, self._name)
        except (ColonnadeError, nats.errors.Error):
            return

    async def _received(self, message: Msg) -> None:
        self._heard = time.monotonic()
        status = (message.headers or {}).get("Status")
        if message.reply.startswith(ACKNOWLEDGED_AT):
            # An event, whatever its publisher wrote into its headers.
            await self._deliver(message)
        elif status is None:
            self._log.warning("what JetStream did not deliver is dropped")
        elif status == _HEARTBEAT:
            return
        else:
            self._told(status, (message.headers or {}).get("Description", ""))

    async def _deliver(self, message: Msg) -> None:
        try:
            delivered = JetStreamMessage.of(message)
        except (nats.errors.Error, ValueError):
            self._log.warning("what JetStream did not deliver is dropped")
            return
        await self._take(delivered)

    async def _take(self, message: JetStreamMessage) -> None:
        if self._pin is None or message.pin not in {"", self._pin}:
            # The consumer is ours since now. Another may still have messages before this one.
            self._pin = message.pin
            self._gaps.watch()
            await self._order.begin_anew()
        self._asked -= 1
        await self._order.put(message)
        if self._asked <= 0:
            self._wake.set()

    def _told(self, status: str, description: str) -> None:
        self._asked = 0
        if status == _ANOTHER_HAS_IT:
            self._pin = None
        elif status not in _OVER and "Batch Completed" not in description:
            # The consumer or its stream is gone, moved, or was never there.
            self._log.info("consumer is set up anew", status=status, said=description)
            self.broken = True
        self._wake.set()

    async def _handle(self, message: JetStreamMessage) -> bool:
        try:
            await self.consumer.deliver(message.data)
        except Exception as error:
            self._log.warning(
                "event given back; it is delivered again later",
                subject=message.subject,
                deliveries=message.deliveries,
                error=error,
            )
            return False
        self._gaps.handled(message.sequence)
        return True

    def _settled(self) -> None:
        if self._asked <= 0:
            self._wake.set()

    async def _tick(self) -> None:
        kept = time.monotonic()
        while True:
            await until(self._wake, self._settings.tick)
            self._wake.clear()
            await self._look()
            # Far more often than `ack_wait` ends, since a busy loop comes late.
            if time.monotonic() - kept >= self._settings.tick:
                kept = time.monotonic()
                for message in self._order.unsettled:
                    await message.keep()

    async def _look(self) -> None:
        """Set up, ask for messages, or look for the end of a gap; whatever is due."""
        if self._stopping or not self._connection.up:
            return
        # Not even a heartbeat, although messages were asked for: the request is lost, as when the
        # server has restarted.
        silent = time.monotonic() - self._heard > self._settings.silence
        try:
            if self.broken or (silent and self._asked > 0):
                await self._set_up()
            if self._asked <= 0:
                await self._ask()
            await self._gaps.look()
        except ForeignStream as error:
            self._trouble(error)
            if self._ticker is None:
                # At the start it is refused; later it waits until the stream is mended.
                raise
        except (Unavailable, DeadlineExceeded) as error:
            self._trouble(error)

    def _trouble(self, error: ColonnadeError) -> None:
        if self._said != str(error):
            self._log.error("events cannot be fetched", error=error)
        self._said = str(error)
        self.broken = True

    async def _set_up(self) -> None:
        self._jetstream.forget()
        await self._jetstream.ensure_consumer(
            self._event,
            self._name,
            ack_wait=self._settings.ack_wait,
            pinned=self._settings.pinned,
        )
        self._asked = 0
        self._pin = None
        self._heard = time.monotonic()
        self.broken = False
        self._said = ""

    async def _ask(self) -> None:
        room = min(self._settings.batch, self._settings.room - len(self._order.unsettled))
        if room <= 0:
            return
        request: dict[str, Any] = {
            "batch": room,
            "expires": int(self._settings.expires * 1e9),
            "idle_heartbeat": int(self._settings.heartbeat * 1e9),
            "group": GROUP,
        }
        if self._pin:
            request["id"] = self._pin
        self._asked = room
        self._heard = time.monotonic()
        next_message = f"$JS.API.CONSUMER.MSG.NEXT.{self._event.stream}.{self._name}"
        await self._connection.publish(next_message, msgspec.json.encode(request), self._inbox)
