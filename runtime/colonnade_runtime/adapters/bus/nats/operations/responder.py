"""Operations as NATS micro services (ADR-32): one service, one endpoint per operation."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import nats.errors
from nats.aio.msg import Msg
from nats.micro import add_service
from nats.micro.request import Request
from nats.micro.service import EndpointStats, Service

from colonnade.background_tasks import background_task
from colonnade.bus import AskHandler, Header
from colonnade.errors import ConfigurationError, Unavailable
from colonnade_runtime.adapters.bus.local_answers import local_answer
from colonnade_runtime.adapters.bus.nats.connection.client_library import CONTEXT_HEADER
from colonnade_runtime.adapters.bus.nats.connection.connection import Connection
from colonnade_runtime.adapters.bus.nats.connection.subjects import token

TOO_LARGE = "413"
PARALLEL = 512
"""Operations that one process answers at the same time; more wait, as far as NATS keeps them."""


@dataclass(slots=True)
class _Counts:
    """Counts of an endpoint; the library measures only how long it took to begin."""

    answered: int = 0
    failed: int = 0
    seconds: float = 0.0

    def described(self) -> dict[str, Any]:
        mean = self.seconds / self.answered if self.answered else 0.0
        return {
            "answered": self.answered,
            "failed": self.failed,
            "mean_milliseconds": round(mean * 1000, 3),
        }


class OperationResponder:
    """The operations that this process answers over NATS."""

    def __init__(self, connection: Connection, process: str, log: Any) -> None:
        self._connection = connection
        self._process = process
        self._log = log
        self._services: dict[tuple[str, str], Service] = {}
        self._counts: dict[str, _Counts] = {}
        self._handlers: dict[str, AskHandler] = {}
        self._local = 0
        self._local_ended = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()
        self._one_ended = asyncio.Event()

    async def serve(self, subject: str, handler: AskHandler) -> None:
        """Answer operations on `ask.<service>.v<major>.<operation>`.

        Raises:
            ConfigurationError: when this process serves `subject` already.
        """
        if subject in self._counts:
            raise ConfigurationError(f"'{subject}' is served twice in this process.")
        _, name, major, operation = _parts(subject)
        counts = self._counts[subject] = _Counts()

        async def begin(request: Request) -> None:
            # What JetStream delivers here for somebody is no question, and an answer needs an
            # inbox to go to.
            if request.subject != subject or not request._msg.reply:
                return
            # Bounded here, so that the rest waits in the subscription.
            while len(self._running) >= PARALLEL:
                self._one_ended.clear()
                await self._one_ended.wait()
            self._begin(request._msg, handler, counts)

        def take(message: Msg) -> bool:
            if len(self._running) >= PARALLEL:
                return False
            endpoint._num_requests += 1
            if message.subject == subject and message.reply:
                self._begin(message, handler, counts)
            return True

        self._handlers[subject] = handler
        service = await self._service(name, major)
        await service.add_endpoint(
            name=token(operation), subject=subject, queue_group=name, handler=begin
        )
        endpoint = service._endpoints[-1]
        if endpoint._subscription is not None:
            self._connection.client.direct[endpoint._subscription._id] = take
        # Whoever learns that this process is ready may ask at once. Without a connection the
        # library subscribes as soon as there is one.
        with suppress(Unavailable):
            await self._connection.arrived()

    async def answered_here(
        self,
        subject: str,
        payload: bytes,
        header: Header,
        timeout: float,  # noqa: ASYNC109
    ) -> bytes | None:
        """The answer when this process serves `subject`; nothing when another does.

        Raises:
            DeadlineExceeded: no answer within `timeout` seconds; it may have happened.
        """
        handler = self._handlers.get(subject)
        if handler is None:
            return None
        self._local += 1
        try:
            return await local_answer(subject, handler, payload, header, timeout)
        finally:
            self._local -= 1
            self._local_ended.set()

    async def quiesce(self) -> None:
        """Take no more; those that are queued are still begun."""
        subscriptions: list[Any] = []
        for service in self._services.values():
            # The library's own stop drops what is queued; draining begins it.
            subscriptions += [endpoint._subscription for endpoint in service._endpoints]
            subscriptions += service._subscriptions.values()
            service._endpoints, service._subscriptions = [], {}
        self._services.clear()
        if self._connection.up:
            await asyncio.gather(*(_drained(each) for each in subscriptions if each is not None))

    async def idle(self) -> None:
        """Wait until everything that was begun is answered."""
        while self._running:
            await asyncio.wait(set(self._running))
        while self._local:
            self._local_ended.clear()
            await self._local_ended.wait()
        self._handlers.clear()

    def cancel(self) -> None:
        """Give up what still runs."""
        for task in self._running:
            task.cancel()

    def _begin(self, message: Msg, handler: AskHandler, counts: _Counts) -> None:
        # A task of our own: one endpoint answers many at once, and the library would take one
        # after the other.
        work = self._answer(message, handler, counts)
        task = background_task(work, name=f"answer:{message.subject}")
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        self._one_ended.set()

    async def _service(self, name: str, major: str) -> Service:
        found = self._services.get((name, major))
        if found is None:
            found = await add_service(
                self._connection.client,
                name=name,
                version=f"{major}.0.0",
                description=f"The {name} service of a Colonnade platform.",
                metadata={"process": self._process},
                stats_handler=self._stats,
            )
            self._services[name, major] = found
        return found

    def _stats(self, endpoint: EndpointStats) -> dict[str, Any]:
        counts = self._counts.get(endpoint.subject)
        return {} if counts is None else counts.described()

    async def _answer(self, message: Msg, handler: AskHandler, counts: _Counts) -> None:
        started = time.perf_counter()
        header = (message.headers or {}).get(CONTEXT_HEADER, "")
        try:
            answer = await handler(message.data, header)
            await self._respond(message, answer)
        except (nats.errors.Error, OSError, ValueError) as error:
            # The asker waits for its deadline and learns that it may have happened.
            counts.failed += 1
            self._log.warning("answer not sent", subject=message.subject, error=error)
        counts.answered += 1
        counts.seconds += time.perf_counter() - started

    async def _respond(self, message: Msg, answer: bytes) -> None:
        text = self._connection.too_large(f"The answer of '{message.subject}'", answer)
        if text is None:
            return await self._connection.answer(message.reply, answer)
        self._log.error("answer too large for nats", subject=message.subject, problem=text)
        return await Request(message).respond_error(TOO_LARGE, text)


def _parts(subject: str) -> tuple[str, str, str, str]:
    """The parts of `ask.<service>.v<major>.<operation>`."""
    parts = subject.split(".")
    if len(parts) != 4 or not parts[2].removeprefix("v").isdigit():
        raise ConfigurationError(
            f"'{subject}' is no subject of an operation: ask.<service>.v<major>.<operation>."
        )
    return parts[0], parts[1], parts[2].removeprefix("v"), parts[3]


async def _drained(subscription: Any) -> None:
    try:
        async with asyncio.timeout(2.0):
            await subscription.drain()
    except (TimeoutError, OSError, nats.errors.Error):
        return
