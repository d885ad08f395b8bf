"""Events into the stream of their service: accepted by the server, each once, in order."""

import re

from cachetools import LRUCache

from colonnade.errors import DeadlineExceeded, Unavailable
from colonnade_runtime.adapters.bus.nats.connection.connection import Connection
from colonnade_runtime.adapters.bus.nats.connection.jetstream_api import read_object, reason_of
from colonnade_runtime.adapters.bus.nats.connection.subjects import EventName
from colonnade_runtime.adapters.bus.nats.events.jetstream_message import EXPECTED_SEQUENCE
from colonnade_runtime.adapters.bus.nats.events.stream_administration import StreamManager
from colonnade_runtime.adapters.bus.nats.events.streams import ForeignStream, stream_with

PUBLISH_SECONDS = 5.0
"""How long the server may take to accept an event."""

_CLOUD_EVENT = "application/cloudevents+json"
_REMEMBERED = 10_000
_TRIES = 3
_ANOTHER_IS_LAST = 10071
_LAST = re.compile(r"wrong last sequence: (\d{1,20})")


class EventPublisher:
    """Publishes, and says with each event which one was the last on its subject.

    The server compares that and keeps it beside the event. So whoever handles the event knows
    its predecessor, without a right to read the stream.
    """

    def __init__(self, connection: Connection, streams: StreamManager) -> None:
        self._connection = connection
        self._streams = streams
        self._last: LRUCache[str, int] = LRUCache(_REMEMBERED)

    def forget(self) -> None:
        """The server may have lost its streams: look again."""
        self._streams.forget()
        self._last.clear()

    async def publish(self, name: EventName, key: str, message_id: str, envelope: bytes) -> None:
        """Put one event into its stream; returns once the server has it.

        Raises:
            Unavailable: it was not accepted, or the stream was changed by somebody.
        """
        try:
            await self._streams.ensure(stream_with(name))
        except ForeignStream as error:
            raise Unavailable(error.message) from None
        subject = name.subject(key)
        for _ in range(_TRIES):
            refused = await self._try(name, subject, message_id, envelope)
            if refused is None:
                return
            number, why = refused
            last = _LAST.search(why) if number == _ANOTHER_IS_LAST else None
            if last is None:
                break
            # Published before this process began, or by another that had the outbox.
            self._remember(subject, int(last[1]))
        self.forget()
        raise Unavailable(f"NATS did not accept the event {message_id}: {why}.")

    async def _try(
        self, name: EventName, subject: str, message_id: str, envelope: bytes
    ) -> tuple[int, str] | None:
        """Publish once; the number and the sentence of the server's refusal, if it refused."""
        headers = {
            "Nats-Msg-Id": message_id,
            "Content-Type": _CLOUD_EVENT,
            EXPECTED_SEQUENCE: str(self._last.get(subject, 0)),
        }
        try:
            answer = await self._connection.request(subject, envelope, PUBLISH_SECONDS, headers)
        except DeadlineExceeded:
            raise Unavailable(
                f"NATS did not accept the event {message_id} within {PUBLISH_SECONDS:g} s; "
                "it stays in its outbox."
            ) from None
        except Unavailable:
            # Nobody keeps this subject any more: the stream is looked for at the next try.
            self.forget()
            raise
        said = read_object(answer.data)
        if said is None:
            return 0, "its answer is no JSON object"
        if "error" in said:
            return reason_of(said["error"])
        sequence = said.get("seq")
        if said.get("stream") != name.stream or not isinstance(sequence, int) or sequence < 1:
            # Somebody else takes the subject too, and answers.
            return 0, f"nothing says that the stream {name.stream} has it"
        if not said.get("duplicate"):
            self._remember(subject, sequence)
        return None

    def _remember(self, subject: str, sequence: int) -> None:
        self._last[subject] = sequence
