"""JetStream's consumers (https://docs.nats.io, ADR-42), as far as events need them."""

from dataclasses import dataclass

from colonnade.errors import Unavailable
from colonnade_runtime.adapters.bus.nats.connection.connection import Connection
from colonnade_runtime.adapters.bus.nats.connection.jetstream_api import ApiError, JetStreamApi
from colonnade_runtime.adapters.bus.nats.connection.subjects import EventName
from colonnade_runtime.adapters.bus.nats.events.stream_administration import StreamManager
from colonnade_runtime.adapters.bus.nats.events.streams import nanoseconds, stream_with

GROUP = "one"
"""The priority group whose pinned client gets the messages of a consumer, alone."""


@dataclass(frozen=True, slots=True)
class ConsumerState:
    """State of a durable consumer: everything up to `floor` is acknowledged, everything up to
    `delivered` was delivered at least once, and `outstanding` messages were and are not settled."""

    floor: int
    delivered: int
    outstanding: int


class ConsumerApi:
    """Consumers, each made where it is missing, of streams that are ours."""

    def __init__(self, connection: Connection, api: JetStreamApi, streams: StreamManager) -> None:
        self._connection = connection
        self._api = api
        self._streams = streams

    def forget(self) -> None:
        """The server may have lost its streams: look again."""
        self._streams.forget()

    async def check(self) -> None:
        """See that the server has JetStream.

        Raises:
            Unavailable: when it has not.
        """
        try:
            await self._api.ask("INFO", {})
        except ApiError:
            raise
        except Unavailable:
            raise Unavailable(
                "The bus is not available at the moment.",
                reason=f"NATS at {self._connection.name} runs without JetStream; start it with "
                "--jetstream and a --store_dir.",
            ) from None

    async def ensure_consumer(
        self, event: EventName, name: str, *, ack_wait: float, pinned: float
    ) -> None:
        """Make a durable consumer where it is missing.

        A message that is not acknowledged within `ack_wait` seconds is delivered again; a client
        that asks for none for `pinned` seconds may lose the consumer to another.
        """
        await self._streams.ensure(stream_with(event))
        config = {
            "name": name,
            "durable_name": name,
            "ack_policy": "explicit",
            "ack_wait": nanoseconds(ack_wait),
            # Everything that the stream holds: a process that starts late misses nothing, and
            # the inbox knows what was handled.
            "deliver_policy": "all",
            "filter_subject": event.filter,
            "max_deliver": -1,
            "max_ack_pending": 10_000,
            "priority_groups": [GROUP],
            "priority_policy": "pinned_client",
            "priority_timeout": nanoseconds(pinned),
        }
        body = {"stream_name": event.stream, "config": config}
        # With the filter in the subject, so that permissions can tell events apart.
        await self._api.ask(f"CONSUMER.CREATE.{event.stream}.{name}.{event.filter}", body)

    async def state(self, event: EventName, name: str) -> ConsumerState:
        """Ask the server for the state of a consumer.

        Raises:
            Unavailable: when the server does not say.
        """
        info = await self._api.ask(f"CONSUMER.INFO.{event.stream}.{name}", {})
        try:
            return ConsumerState(
                floor=int(info["ack_floor"]["stream_seq"]),
                delivered=int(info["delivered"]["stream_seq"]),
                outstanding=int(info["num_ack_pending"]),
            )
        except (KeyError, TypeError, ValueError):
            raise Unavailable(f"JetStream does not say how the consumer {name} stands.") from None

    async def release(self, event: EventName, name: str) -> None:
        """Let another process have the consumer at once."""
        await self._api.ask(f"CONSUMER.UNPIN.{event.stream}.{name}", {"group": GROUP})
