"""One connection to NATS: made within bounds, kept for ever, its failures in our words."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import nats.errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from colonnade.errors import ConfigurationError, DeadlineExceeded, Unavailable
from colonnade_runtime.adapters.bus.nats.connection.inboxes import (
    GuardedClient,
    inbox_prefix,
    random_token,
)
from colonnade_runtime.adapters.bus.nats.connection.options import NatsOptions

CONNECT_SECONDS = 3.0
RECONNECT_SECONDS = 0.25
"""Between two attempts; the library adds none itself when the port refuses."""

_HEADERS = 4096
"""Bytes that are kept free for headers, which count as well."""

_NOBODY = "503"
_CUT_OFF = (ConnectionResetError, nats.errors.UnexpectedEOF)
_MAY_NOT_PUBLISH = re.compile(r'permissions violation for publish to "([^"]+)"', re.IGNORECASE)

_GONE = (
    nats.errors.ConnectionClosedError,
    nats.errors.ConnectionDrainingError,
    nats.errors.ConnectionReconnectingError,
    nats.errors.OutboundBufferLimitError,
    OSError,
)


class _Lost(Exception):
    """The connection was lost while an answer was waited for."""


class NoResponders(Unavailable):
    """The server is there, and nobody takes the subject."""


class PublishNotPermitted(Unavailable):
    """The server's permissions do not let this process publish to the subject."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question under way: its subject in lower case, as refusals may name it."""

    subject: str
    answer: "asyncio.Future[Msg]"


class Connection:
    """A client that reconnects for ever and never sends what nobody could take now."""

    def __init__(self, options: NatsOptions, process: str, log: Any) -> None:
        self.client = GuardedClient()
        self._options = options
        self._process = process
        self.asked: dict[str, _Asked] = {}
        self._inbox = f"{inbox_prefix(process)}.{random_token()}"
        self._log = log
        self._last_error = ""
        self._reconnected: list[Callable[[], None]] = []
        self._closing = False

    @property
    def name(self) -> str:
        """The servers, as people know them."""
        return ", ".join(server.removeprefix("nats://") for server in self._options.servers)

    @property
    def up(self) -> bool:
        """Tell whether there is a connection at the moment."""
        return self.client.is_connected and not self.client.is_closed

    def too_large(self, what: str, payload: bytes) -> str | None:
        """A sentence when the server carries no message of this size."""
        largest = self.client.max_payload - _HEADERS
        if len(payload) <= largest:
            return None
        return (
            f"{what} has {len(payload)} bytes, and the server at {self.name} carries {largest}: "
            "raise max_payload in its configuration."
        )

    def on_reconnect(self, call: Callable[[], None]) -> None:
        """Call this each time the connection was lost and is there again."""
        self._reconnected.append(call)

    async def open(self) -> None:
        """Connect.

        Raises:
            Unavailable: when no server takes us within three seconds.
            ConfigurationError: when what was declared can never work.
        """
        self.client = GuardedClient()
        options = self._options
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self.client.connect(
                    list(options.servers),
                    name=self._process,
                    error_cb=self._failed,
                    disconnected_cb=self._lost,
                    reconnected_cb=self._found,
                    # A prefix of the process's own: permissions can then keep answers private.
                    inbox_prefix=inbox_prefix(self._process),
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=RECONNECT_SECONDS,  # type: ignore[arg-type]
                    connect_timeout=2,
                    ping_interval=10,
                    max_outstanding_pings=2,
                    user=options.user,
                    password=options.password,
                    token=options.token,
                    user_credentials=options.credentials,
                    tls=options.tls,
                )
                inbox = await self.client.subscribe(f"{self._inbox}.*", cb=self._answered)
                self.client.direct[inbox._id] = self._take_answer
        except ImportError as error:
            raise ConfigurationError(
                f"A credentials file needs a library that is not installed ({error.name}): "
                "pip install nkeys."
            ) from None
        except FileNotFoundError as error:
            raise ConfigurationError(f"There is no credentials file {error.filename}.") from None
        except (TimeoutError, OSError, nats.errors.Error) as error:
            await self._abandon()
            why = self._last_error or str(error) or "no answer"
            raise _no_bus(f"NATS at {self.name} cannot be reached ({why}).") from None

    async def close(self) -> None:
        """Send what is buffered, then close."""
        self._closing = True
        try:
            async with asyncio.timeout(2.0):
                if self.up:
                    await self.arrived()
                await self.client.close()
        except (TimeoutError, OSError, nats.errors.Error, Unavailable):
            return

    async def arrived(self) -> None:
        """Wait until the server has read what was sent so far.

        Raises:
            Unavailable: when it does not say so.
        """
        try:
            # The library writes its ping ahead of what is still buffered, so only the second
            # answer says anything about that.
            await self.client.flush(2)
            await self.client.flush(2)
        except (nats.errors.Error, OSError) as error:
            raise _no_bus(f"NATS at {self.name} does not answer ({error}).") from None

    async def request(
        self,
        subject: str,
        payload: bytes,
        timeout: float,  # noqa: ASYNC109
        headers: Mapping[str, str] | None = None,
    ) -> Msg:
        """Ask and wait for one answer.

        Raises:
            Unavailable: nobody is there to take it; nothing was sent, or nobody got it.
            MayNotPublish: the server lets nobody of this process's user ask that.
            DeadlineExceeded: no answer in time; it may have happened.
        """
        self._check_up()
        name = random_token()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Msg] = loop.create_future()
        self.asked[name] = _Asked(subject.lower(), answer)
        late = loop.call_later(max(0.0, timeout), _give_up, answer)
        try:
            await self._send(subject, payload, f"{self._inbox}.{name}", timeout, headers)
            found = await answer
        except TimeoutError:
            raise DeadlineExceeded(
                f"'{subject}' did not answer within {timeout:.3g} seconds; it may have happened."
            ) from None
        except _Lost:
            raise DeadlineExceeded(
                f"The connection to NATS was lost before '{subject}' answered; "
                "it may have happened."
            ) from None
        except _GONE as error:
            raise _no_bus(f"The connection to NATS is lost ({error}).") from None
        finally:
            late.cancel()
            del self.asked[name]
        if not found.data and (found.headers or {}).get("Status") == _NOBODY:
            raise NoResponders(f"Nobody serves '{subject}' at the moment.")
        return found

    async def _send(
        self,
        subject: str,
        payload: bytes,
        reply: str,
        seconds: float,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send at once where that can be, else within `seconds`."""
        if self.client.send(subject, payload, reply, headers):
            return
        async with asyncio.timeout(seconds):
            given = dict(headers) if headers else None
            await self.client.publish(subject, payload, reply=reply, headers=given)

    async def answer(self, reply: str, payload: bytes) -> None:
        """Answer who asked, at the inbox `reply`.

        Raises:
            nats.errors.Error: it cannot be sent.
            OSError: the same.
        """
        if not self.client.send(reply, payload, ""):
            await self.client.publish(reply, payload)

    async def publish(self, subject: str, payload: bytes, reply: str = "") -> None:
        """Send without an answer.

        Raises:
            Unavailable: when there is no connection; nothing was sent.
        """
        self._check_up()
        try:
            await self.client.publish(subject, payload, reply=reply)
        except _GONE as error:
            raise _no_bus(f"The connection to NATS is lost ({error}).") from None

    async def subscribe(self, subject: str, call: Callable[[Msg], Awaitable[None]]) -> Subscription:
        """Hand every message on `subject` to `call`, one after the other."""
        return await self.client.subscribe(subject, cb=call)

    async def pull(self, call: Callable[[Msg], Awaitable[None]]) -> tuple[str, Subscription]:
        """An inbox for what JetStream delivers, which `call` may acknowledge."""
        inbox = f"{inbox_prefix(self._process)}.{random_token()}"
        subscription = await self.client.subscribe(inbox, cb=call)
        self.client.pulling.add(subscription._id)
        return inbox, subscription

    async def _answered(self, message: Msg) -> None:
        self._take_answer(message)

    def _take_answer(self, message: Msg) -> bool:
        asked = self.asked.get(message.subject.rpartition(".")[2])
        if asked is not None and not asked.answer.done():
            asked.answer.set_result(message)
        return True

    def _check_up(self) -> None:
        # The library would keep it and send it when the connection is back, long after its
        # sender has given up.
        if not self.up:
            raise _no_bus(f"There is no connection to NATS at {self.name} at the moment.")

    async def _abandon(self) -> None:
        try:
            async with asyncio.timeout(1.0):
                await self.client.close()
        except (TimeoutError, OSError, nats.errors.Error):
            return

    async def _failed(self, error: Exception) -> None:
        if isinstance(error, _CUT_OFF) and self._last_error:
            # A server that refuses somebody closes at once, and its reason may be lost on the way.
            return
        text = str(error) or type(error).__name__
        if text != self._last_error:
            self._log.warning("nats", problem=text)
        self._last_error = text
        refused = _MAY_NOT_PUBLISH.search(text)
        if refused is not None:
            self._end(refused[1].lower(), _may_not(self._process, refused[1]))

    def _end(self, subject: str, error: Exception) -> None:
        """Let those that ask `subject` know at once; the server answers nothing."""
        for asked in self.asked.values():
            if asked.subject == subject and not asked.answer.done():
                asked.answer.set_exception(error)

    async def _lost(self) -> None:
        # Answers to what was sent on the lost connection never come.
        for asked in self.asked.values():
            if not asked.answer.done():
                asked.answer.set_exception(_Lost())
        if not self._closing:
            self._log.warning("connection to nats lost; events wait, services are unavailable")

    async def _found(self) -> None:
        self._last_error = ""
        self._log.info("connection to nats is back")
        for call in self._reconnected:
            call()


def _give_up(answer: "asyncio.Future[Msg]") -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())


def _may_not(process: str, subject: str) -> PublishNotPermitted:
    """The permissions are for the log: who asked hears that the bus does not do it."""
    return PublishNotPermitted(
        "The bus does not let this process do that.",
        reason=f"NATS does not let the user of the process '{process}' publish to '{subject}': "
        "print the permissions anew with colonnade nats permissions.",
    )


def _no_bus(reason: str) -> Unavailable:
    """The address is for the log: who asked hears that the bus is not there."""
    return Unavailable("The bus is not available at the moment.", reason=reason)
