"""The bus over NATS: put together, started, and stopped in order."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any

from nats.aio.msg import Msg

from colonnade.adapters import AdapterContext
from colonnade.bus import AskHandler, Consumer, Deliver, Header, header_text
from colonnade.errors import (
    ColonnadeError,
    ConfigurationError,
    ContentTooLarge,
    DeadlineExceeded,
    Unavailable,
)
from colonnade_runtime.adapters.bus.nats.connection.client_library import CONTEXT_HEADER
from colonnade_runtime.adapters.bus.nats.connection.connection import Connection, NoResponders
from colonnade_runtime.adapters.bus.nats.connection.jetstream_api import JetStreamApi
from colonnade_runtime.adapters.bus.nats.connection.options import (
    NatsOptions,
    own_user,
    read_options,
)
from colonnade_runtime.adapters.bus.nats.connection.subjects import EventName
from colonnade_runtime.adapters.bus.nats.events.consumer_api import ConsumerApi
from colonnade_runtime.adapters.bus.nats.events.publisher import EventPublisher
from colonnade_runtime.adapters.bus.nats.events.pull_consumer import ConsumerSettings, PullConsumer
from colonnade_runtime.adapters.bus.nats.events.stream_administration import (
    ADMINISTRATOR,
    StreamManager,
    administration,
)
from colonnade_runtime.adapters.bus.nats.events.streams import ADVISORIES, ForeignStream, stream_of
from colonnade_runtime.adapters.bus.nats.operations.no_responders import NoRespondersExplanation
from colonnade_runtime.adapters.bus.nats.operations.responder import (
    TOO_LARGE,
    OperationResponder,
)


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
        administrator: NatsOptions | None = None,
    ) -> None:
        self._log = log
        self._settings = consumer_settings or ConsumerSettings()
        self.connection = Connection(options, process, log)
        api = JetStreamApi(self.connection)
        opened = None if administrator is None else partial(administration, administrator, log)
        self.streams = StreamManager(api, options, log, opened)
        self.jetstream = ConsumerApi(self.connection, api, self.streams)
        self._publishing = EventPublisher(self.connection, self.streams)
        self._serving = OperationResponder(self.connection, process, log)
        self._explainer = NoRespondersExplanation(self.connection)
        self.consumers: list[PullConsumer] = []
        self._looked_at: set[str] = set()
        self.accepting = False
        self._stopped = False
        self.connection.on_reconnect(self.begin_anew)

    async def start(self) -> None:
        """Connect, and see that events can be kept.

        Raises:
            Unavailable: when nobody answers, without JetStream, or while a stream is missing that
                somebody else has to make.
            ConfigurationError: when what was declared can never work, or a stream was changed.
        """
        await self.connection.open()
        try:
            await self.jetstream.check()
            await self.streams.ensure(ADVISORIES)
        except (Unavailable, DeadlineExceeded) as error:
            await self.connection.close()
            raise Unavailable(error.message, reason=error.reason) from None
        except ForeignStream:
            await self.connection.close()
            raise
        self.accepting = True

    async def stop(self, deadline: float) -> None:
        """Take no more events, let what runs end within `deadline` seconds, close.

        Operations are answered while reactions end, because those ask others.
        """
        if self._stopped:
            return
        self._stopped = True
        self.accepting = False
        running: set[asyncio.Task[None]] = set()
        for consumer in self.consumers:
            running |= await consumer.stop()
        try:
            async with asyncio.timeout(deadline):
                if running:
                    await asyncio.wait(running)
                await self._serving.quiesce()
                await self._serving.idle()
        except TimeoutError:
            await self._give_up(running)
        for consumer in self.consumers:
            await consumer.close()
        await self.connection.close()

    async def check(self) -> str | None:
        """Report in a sentence that the connection is lost or a stream was changed."""
        if self.connection.up:
            return " ".join(self.streams.refused) or None
        return (
            f"There is no connection to NATS at {self.connection.name}: events wait, and what "
            "needs a service of another process is unavailable."
        )

    async def serve(self, subject: str, handler: AskHandler) -> None:
        """Answer operations on `subject`.

        Raises:
            ConfigurationError: when `subject` is served by this process already, or the stream
                of its service was changed.
        """
        await self._serving.serve(subject, handler)
        await self._look_at(subject.split(".")[1])

    async def _look_at(self, service: str) -> None:
        # At the start, where it can be refused; later its events would only wait.
        if service not in self._looked_at and self.connection.up:
            self._looked_at.add(service)
            with suppress(Unavailable, DeadlineExceeded):
                await self.streams.look(stream_of(service))

    async def ask(
        self,
        subject: str,
        payload: bytes,
        header: Header,
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
        text = header_text(header)
        headers = {CONTEXT_HEADER: text} if text else None
        try:
            answer = await self.connection.request(subject, payload, timeout, headers)
        except NoResponders:
            raise Unavailable(await self._explainer.why(subject)) from None
        if answer.headers:
            said = answer.headers.get("Nats-Service-Error")
            if said is not None:
                code = answer.headers.get("Nats-Service-Error-Code", "")
                raise _service_error(subject, code, said)
        return answer.data

    async def consume(self, consumer: Consumer) -> None:
        """Deliver events of a type to `consumer`, those included that were kept for it.

        Raises:
            ConfigurationError: when a consumer of this name takes this type already.
        """
        taken = ((each.consumer.name, each.consumer.event_type) for each in self.consumers)
        if (consumer.name, consumer.event_type) in taken:
            raise ConfigurationError(
                f"'{consumer.name}' consumes '{consumer.event_type}' twice; give it another name."
            )
        pulling = PullConsumer(self.connection, self.jetstream, consumer, self._log, self._settings)
        self.consumers.append(pulling)
        await pulling.start()

    async def observe(self, event_type: str, deliver: Deliver) -> None:
        """Hand every event of a type to `deliver` as the server gets it; see `Bus.observe`."""

        async def received(message: Msg) -> None:
            await deliver(message.data)

        await self.connection.subscribe(EventName.of(event_type).filter, received)

    async def publish(self, event_type: str, key: str, message_id: str, envelope: bytes) -> None:
        """Put one event into the stream of its service; returns once the server has it.

        Raises:
            Unavailable: it was not accepted; it stays in its outbox.
        """
        if not self.accepting:
            raise Unavailable(f"The bus takes no events; {message_id} stays in its outbox.")
        self._check_size(f"The event {message_id}", envelope)
        await self._publishing.publish(EventName.of(event_type), key, message_id, envelope)

    def _check_size(self, what: str, payload: bytes) -> None:
        text = self.connection.too_large(what, payload)
        if text is not None:
            raise ContentTooLarge(text)

    def begin_anew(self) -> None:
        self._publishing.forget()
        for consumer in self.consumers:
            consumer.begin_anew()

    async def _give_up(self, running: "set[asyncio.Task[None]]") -> None:
        for task in running:
            task.cancel()
        self._serving.cancel()
        if running:
            await asyncio.wait(running, timeout=1.0)


def _service_error(subject: str, code: str, said: str) -> ColonnadeError:
    """Error that a micro service answered in headers (ADR-32) in the place of an answer."""
    if code == TOO_LARGE:
        return ContentTooLarge(said)
    return Unavailable(f"'{subject}' answered with an error of NATS; try again.")


def _administrator(context: AdapterContext) -> NatsOptions | None:
    """Options of the user that makes the streams, where its password is declared."""
    if context.administrator is None:
        return None
    own = own_user(context.url, ADMINISTRATOR)
    if own == context.url:
        raise ConfigurationError(
            "bus.administrator is the password of the user 'administrator', so the address needs "
            f"{{process}} in the place of the user; {context.url} names the same one for all."
        )
    return read_options(own, context.root, context.administrator.reveal())


def nats_bus(context: AdapterContext) -> NatsBus:
    """The factory behind `bus: nats://…` and `bus: tls://…`.

    Raises:
        ConfigurationError: when the URL says what it cannot.
    """
    password = None if context.password is None else context.password.reveal()
    options = read_options(own_user(context.url, context.process), context.root, password)
    return NatsBus(options, context.process, context.log, administrator=_administrator(context))
