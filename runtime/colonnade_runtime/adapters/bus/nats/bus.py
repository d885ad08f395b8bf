"""The bus over NATS: put together, started, and stopped in order."""

import asyncio
from typing import Any

import msgspec

from colonnade.adapters import AdapterContext
from colonnade.bus import AskHandler, Consumer
from colonnade.errors import ConfigurationError, ContentTooLarge, DeadlineExceeded, Unavailable
from colonnade_runtime.adapters.bus.nats.connection import Connection, NobodyServes
from colonnade_runtime.adapters.bus.nats.consuming import ConsumerSettings, PullConsumer
from colonnade_runtime.adapters.bus.nats.explaining import Explainer
from colonnade_runtime.adapters.bus.nats.jetstream import JetStream
from colonnade_runtime.adapters.bus.nats.options import NatsOptions, own_user, read_options
from colonnade_runtime.adapters.bus.nats.serving import CONTEXT_HEADER, Serving
from colonnade_runtime.adapters.bus.nats.subjects import EventName

PUBLISH_SECONDS = 5.0
"""How long the server may take to accept an event."""

_CLOUD_EVENT = "application/cloudevents+json"


class NatsBus:
    """A `colonnade.bus.Bus` between processes.

    An accepted event is in the stream of its service, and reaches every consumer from there.
    """

    durable = True

    def __init__(
        self,
        options: NatsOptions,
        process: str,
        log: Any,
        consumer_settings: ConsumerSettings | None = None,
    ) -> None:
        self._log = log
        self._settings = consumer_settings or ConsumerSettings()
        self._connection = Connection(options, process, log)
        self._jetstream = JetStream(self._connection, options)
        self._serving = Serving(self._connection, process, log)
        self._explainer = Explainer(self._connection)
        self._consumers: list[PullConsumer] = []
        self._accepting = False
        self._stopped = False
        self._connection.on_reconnect(self._begin_anew)

    async def start(self) -> None:
        """Connect, and see that events can be kept.

        Raises:
            Unavailable: when nobody answers, or without JetStream.
            ConfigurationError: when what was declared can never work.
        """
        await self._connection.open()
        try:
            await self._jetstream.check()
            await self._jetstream.ensure_advisories()
        except (Unavailable, DeadlineExceeded) as error:
            await self._connection.close()
            raise Unavailable(error.message, reason=error.reason) from None
        self._accepting = True

    async def stop(self, deadline: float) -> None:
        """Take no more events, let what runs end within `deadline` seconds, close.

        Operations are answered while reactions end, because those ask others.
        """
        if self._stopped:
            return
        self._stopped = True
        self._accepting = False
        running: set[asyncio.Task[None]] = set()
        for consumer in self._consumers:
            running |= await consumer.stop()
        try:
            async with asyncio.timeout(deadline):
                if running:
                    await asyncio.wait(running)
                await self._serving.quiesce()
                await self._serving.idle()
        except TimeoutError:
            await self._give_up(running)
        for consumer in self._consumers:
            await consumer.close()
        await self._connection.close()

    async def check(self) -> str | None:
        """Whether the connection is lost, in a sentence."""
        if self._connection.up:
            return None
        return (
            f"There is no connection to NATS at {self._connection.name}: events wait, and what "
            "needs a service of another process is unavailable."
        )

    async def serve(self, subject: str, handler: AskHandler) -> None:
        """Answer operations on `subject`.

        Raises:
            ConfigurationError: when `subject` is served by this process already.
        """
        await self._serving.serve(subject, handler)

    async def ask(
        self,
        subject: str,
        payload: bytes,
        header: str,
        timeout: float,  # noqa: ASYNC109
    ) -> bytes:
        """Ask whoever serves `subject`; see `Bus.ask`.

        What this process serves itself gets the same bytes without a way over the network.

        Raises:
            ContentTooLarge: when the question, or its answer, is larger than the server carries.
        """
        # Before the short way, too: where a service is placed must not decide what it may say.
        self._check_size(f"A question to '{subject}'", payload)
        here = await self._serving.answered_here(subject, payload, header, timeout)
        if here is not None:
            self._check_size(f"The answer of '{subject}'", here)
            return here
        headers = {CONTEXT_HEADER: header} if header else None
        try:
            answer = await self._connection.request(subject, payload, timeout, headers)
        except NobodyServes:
            raise Unavailable(await self._explainer.why(subject)) from None
        if answer.headers:
            said = answer.headers.get("Nats-Service-Error")
            if said is not None:
                raise ContentTooLarge(said)
        return answer.data

    async def consume(self, consumer: Consumer) -> None:
        """Deliver events of a type to `consumer`, those included that were kept for it.

        Raises:
            ConfigurationError: when a consumer of this name takes this type already.
        """
        taken = ((each.consumer.name, each.consumer.event_type) for each in self._consumers)
        if (consumer.name, consumer.event_type) in taken:
            raise ConfigurationError(
                f"'{consumer.name}' consumes '{consumer.event_type}' twice; give it another name."
            )
        pulling = PullConsumer(
            self._connection, self._jetstream, consumer, self._log, self._settings
        )
        self._consumers.append(pulling)
        await pulling.start()

    async def publish(self, event_type: str, key: str, message_id: str, envelope: bytes) -> None:
        """Put one event into the stream of its service; returns once the server has it."""
        if not self._accepting:
            raise Unavailable(f"The bus takes no events; {message_id} stays in its outbox.")
        self._check_size(f"The event {message_id}", envelope)
        name = EventName.of(event_type)
        headers = {"Nats-Msg-Id": message_id, "Content-Type": _CLOUD_EVENT}
        try:
            await self._jetstream.ensure_stream(name)
            answer = await self._connection.request(
                name.subject(key), envelope, PUBLISH_SECONDS, headers
            )
        except DeadlineExceeded:
            raise Unavailable(
                f"NATS did not accept the event {message_id} within {PUBLISH_SECONDS:g} s; "
                "it stays in its outbox."
            ) from None
        except Unavailable:
            # Nobody keeps this subject any more: the stream is made again at the next try.
            self._jetstream.forget()
            raise
        self._check_accepted(message_id, answer.data)

    def _check_accepted(self, message_id: str, answer: bytes) -> None:
        said = msgspec.json.decode(answer)
        if "error" in said:
            self._jetstream.forget()
            why = str(said["error"].get("description", "refused"))
            raise Unavailable(f"NATS did not accept the event {message_id}: {why}.")

    def _check_size(self, what: str, payload: bytes) -> None:
        text = self._connection.too_large(what, payload)
        if text is not None:
            raise ContentTooLarge(text)

    def _begin_anew(self) -> None:
        self._jetstream.forget()
        for consumer in self._consumers:
            consumer.begin_anew()

    async def _give_up(self, running: "set[asyncio.Task[None]]") -> None:
        for task in running:
            task.cancel()
        self._serving.cancel()
        if running:
            await asyncio.wait(running, timeout=1.0)


def nats_bus(context: AdapterContext) -> NatsBus:
    """The factory behind `bus: nats://…` and `bus: tls://…`.

    Raises:
        ConfigurationError: when the URL says what it cannot.
    """
    password = None if context.password is None else context.password.reveal()
    options = read_options(own_user(context.url, context.process), context.root, password)
    return NatsBus(options, context.process, context.log)


__all__ = ["NatsBus", "nats_bus"]
