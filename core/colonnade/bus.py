"""The bus port: carries operations and events as bytes. Never the system of record.

The memory bus hands over the same bytes that a broker would, so placement cannot change what a
service sees.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from colonnade.context import Context


@dataclass(frozen=True, slots=True)
class CallHeader:
    """Header of a call that has not left this process: its context, and what signs it.

    Whoever answers within the process takes the context as it is. An adapter that sends the call
    away sends `text`, and what comes from outside is text for every adapter, so that nobody can
    send a context that was not signed.
    """

    context: Context
    signed: Callable[[], str]

    def text(self) -> str:
        """The signed header."""
        return self.signed()


Header: TypeAlias = CallHeader | str
"""Context of a call: signed text, or not yet signed within one process."""

AskHandler = Callable[[bytes, Header], Awaitable[bytes]]
"""Answers an operation: (payload, context header) → reply frame. Never raises."""


def header_text(header: Header) -> str:
    """A header as it is sent."""
    return header if isinstance(header, str) else header.text()


Deliver = Callable[[bytes], Awaitable[None]]
"""Handles one event envelope for one consumer; returning is the acknowledgement.

It keeps trying, or writes a dead letter, before it returns; when it raises, the event was not
handled and is delivered again later.
"""


@dataclass(frozen=True, slots=True)
class Consumer:
    """Consumer of events: `<service>:<reaction>`; each sees every event once or more, one at a time
    per key and in order."""

    name: str
    event_type: str
    deliver: Deliver


class Bus(Protocol):
    """Carries messages between services, in this process or between many."""

    durable: bool
    """True when an accepted event outlives this process. If not, `publish` returns only after every
    consumer has acknowledged."""

    async def start(self) -> None:
        """Connect. Raises `Unavailable` when there is nobody to connect to."""
        ...

    async def stop(self, deadline: float) -> None:
        """Stop taking messages, let running handlers end within `deadline` seconds, close."""
        ...

    async def check(self) -> str | None:
        """A sentence that says why nothing can be carried now; nothing when it can."""
        ...

    async def serve(self, subject: str, handler: AskHandler) -> None:
        """Answer operations on `subject`."""
        ...

    async def ask(
        self,
        subject: str,
        payload: bytes,
        header: Header,
        timeout: float,  # noqa: ASYNC109
    ) -> bytes:
        """Ask and wait at most `timeout` seconds.

        Raises:
            Unavailable: nobody serves `subject`; nothing happened.
            DeadlineExceeded: no answer in time; it may have happened.
        """
        ...

    async def consume(self, consumer: Consumer) -> None:
        """Deliver events of a type to a consumer from now on."""
        ...

    async def observe(self, event_type: str, deliver: Deliver) -> None:
        """Hand every event of a type to `deliver` as it is published, in every process that
        observes, at most once: nothing is kept for who is away, and nothing tried again."""
        ...

    async def publish(self, event_type: str, key: str, message_id: str, envelope: bytes) -> None:
        """Hand over one event. Returning means it will reach every consumer (see `durable`).

        Order is kept per `key`, which is `<tenant>/<aggregate>/<id>`. A broker that drops what
        comes twice tells by `message_id`: one event that is republished has another.

        Raises:
            Unavailable: it was not accepted; publish it again.
        """
        ...
