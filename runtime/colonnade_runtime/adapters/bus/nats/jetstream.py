"""JetStream's API (https://docs.nats.io, ADR-17, ADR-31, ADR-42), as far as events need it."""

from dataclasses import dataclass
from typing import Any

import msgspec

from colonnade.errors import DeadlineExceeded, Unavailable
from colonnade_runtime.adapters.bus.nats.connection import Connection
from colonnade_runtime.adapters.bus.nats.options import NatsOptions
from colonnade_runtime.adapters.bus.nats.subjects import EventName

SECONDS = 5.0
"""How long the server may take for one request."""

DUPLICATE_WINDOW = 120.0
"""Seconds in which the server drops a second message of one id."""

GROUP = "one"
"""The priority group whose pinned client gets the messages of a consumer, alone."""

ADVISORIES = "evt_advisories"
_ADVISORY_SUBJECTS = [
    "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>",
    "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>",
]
_DIFFERENT_CONFIGURATION = 10058


class ApiError(Unavailable):
    """JetStream refused a request; `number` is its own code for why."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number


@dataclass(frozen=True, slots=True)
class ConsumerState:
    """How a durable consumer stands: everything up to `floor` is acknowledged, everything up to
    `delivered` was delivered at least once, and `outstanding` messages were and are not settled."""

    floor: int
    delivered: int
    outstanding: int


class JetStream:
    """Streams and consumers, each made where it is missing."""

    def __init__(self, connection: Connection, options: NatsOptions) -> None:
        self._connection = connection
        self._options = options
        self._streams: set[str] = set()

    def forget(self) -> None:
        """The server may have lost its streams: look again."""
        self._streams.clear()

    async def check(self) -> None:
        """See that the server has JetStream.

        Raises:
            Unavailable: when it has not.
        """
        try:
            await self._ask("INFO", {})
        except ApiError:
            raise
        except Unavailable:
            raise Unavailable(
                "The bus is not available at the moment.",
                reason=f"NATS at {self._connection.name} runs without JetStream; start it with "
                "--jetstream and a --store_dir.",
            ) from None

    async def ensure_advisories(self) -> None:
        """Keep what the server says of messages that it delivers no more."""
        await self._ensure(ADVISORIES, _ADVISORY_SUBJECTS)

    async def ensure_stream(self, event: EventName) -> None:
        """Make the stream of the event's service where it is missing; set it as declared."""
        if event.stream not in self._streams:
            await self._ensure(event.stream, [event.stream_subjects])
            self._streams.add(event.stream)

    async def _ensure_source(self, event: EventName) -> None:
        """Make the stream that is read where it is missing; who publishes says how it is kept."""
        if event.stream not in self._streams:
            await self._ensure(event.stream, [event.stream_subjects], change=False)

    async def ensure_consumer(
        self, event: EventName, name: str, *, ack_wait: float, pinned: float
    ) -> None:
        """Make a durable consumer where it is missing.

        A message that is not acknowledged within `ack_wait` seconds is delivered again; a client
        that asks for none for `pinned` seconds may lose the consumer to another.
        """
        await self._ensure_source(event)
        config = {
            "name": name,
            "durable_name": name,
            "ack_policy": "explicit",
            "ack_wait": _nanoseconds(ack_wait),
            # Everything that the stream holds: a process that starts late misses nothing, and
            # the inbox knows what was handled.
            "deliver_policy": "all",
            "filter_subject": event.filter,
            "max_deliver": -1,
            "max_ack_pending": 10_000,
            "priority_groups": [GROUP],
            "priority_policy": "pinned_client",
            "priority_timeout": _nanoseconds(pinned),
        }
        body = {"stream_name": event.stream, "config": config}
        # With the filter in the subject, so that permissions can tell events apart.
        await self._ask(f"CONSUMER.CREATE.{event.stream}.{name}.{event.filter}", body)

    async def state(self, event: EventName, name: str) -> ConsumerState:
        """How a consumer stands."""
        info = await self._ask(f"CONSUMER.INFO.{event.stream}.{name}", {})
        return ConsumerState(
            floor=int(info["ack_floor"]["stream_seq"]),
            delivered=int(info["delivered"]["stream_seq"]),
            outstanding=int(info["num_ack_pending"]),
        )

    async def release(self, event: EventName, name: str) -> None:
        """Let another process have the consumer at once."""
        await self._ask(f"CONSUMER.UNPIN.{event.stream}.{name}", {"group": GROUP})

    async def previous(self, event: EventName, subject: str, sequence: int) -> int:
        """The sequence of the message before `sequence` on the same subject; 0 for none."""
        body = {"multi_last": [subject], "up_to_seq": sequence - 1, "batch": 1}
        answer = await self._connection.request(
            f"$JS.API.DIRECT.GET.{event.stream}", msgspec.json.encode(body), SECONDS
        )
        headers = answer.headers or {}
        return int(headers.get("Nats-Sequence", 0))

    async def _ensure(self, name: str, subjects: list[str], *, change: bool = True) -> None:
        config = {
            "name": name,
            "subjects": subjects,
            "retention": "limits",
            "storage": "file",
            "discard": "old",
            "max_age": _nanoseconds(self._options.max_age),
            "duplicate_window": _nanoseconds(DUPLICATE_WINDOW),
            "num_replicas": self._options.replicas,
            "allow_direct": True,
            "max_consumers": -1,
            "max_msgs": -1,
            "max_bytes": -1,
        }
        try:
            await self._ask(f"STREAM.CREATE.{name}", config)
        except ApiError as error:
            if error.number != _DIFFERENT_CONFIGURATION:
                raise
            if change:
                await self._ask(f"STREAM.UPDATE.{name}", config)

    async def _ask(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = await self._connection.request(
                f"$JS.API.{what}", msgspec.json.encode(body), SECONDS
            )
        except DeadlineExceeded:
            raise Unavailable(f"JetStream did not answer within {SECONDS:g} s.") from None
        said: dict[str, Any] = msgspec.json.decode(answer.data)
        error = said.get("error")
        if error is not None:
            number = int(error.get("err_code", 0))
            text = str(error.get("description", "refused")).rstrip(".")
            raise ApiError(f"JetStream refused {what.partition('.')[0]}: {text}.", number)
        return said


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1_000_000_000)
