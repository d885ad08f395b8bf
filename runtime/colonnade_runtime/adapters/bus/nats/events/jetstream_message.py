"""One message that JetStream delivered, and the ways to answer for it."""

from dataclasses import dataclass
from random import SystemRandom

import nats.errors
from nats.aio.msg import Msg

from colonnade.backoff import Backoff
from colonnade_runtime.adapters.bus.nats.connection.client_library import TolerantClient

LONGEST_PAUSE = 10.0
"""Seconds after which a message that was given back comes again at the latest."""

EXPECTED_SEQUENCE = "Nats-Expected-Last-Subject-Sequence"
"""The header with which an event is published, which the server checks and keeps."""

ACKNOWLEDGED_AT = "$JS.ACK."
"""How the reply subject of every event begins that JetStream delivers."""

_DIGITS = 20

_BACKOFF = Backoff(first=0.25, cap=LONGEST_PAUSE)
_RANDOM = SystemRandom()


@dataclass(frozen=True, slots=True)
class JetStreamMessage:
    """A delivered message: `sequence` is its place in the stream, `pin` names to whom it went.

    `pin` is empty where the publisher's headers are so broken that the server could not add it.
    `previous` is the place of the one before it on its subject, 0 for none; nothing when whoever
    published it did not say.
    """

    subject: str
    sequence: int
    previous: int | None
    deliveries: int
    pin: str
    data: bytes
    _message: Msg

    @classmethod
    def of(cls, message: Msg) -> "JetStreamMessage":
        """Read the metadata of a message that the client library received.

        Raises:
            nats.errors.NotJSMessageError, ValueError: when JetStream did not deliver it.
        """
        metadata = message.metadata
        headers = message.headers or {}
        return cls(
            message.subject,
            metadata.sequence.stream,
            _number(headers.get(EXPECTED_SEQUENCE)),
            metadata.num_delivered,
            headers.get("Nats-Pin-Id", ""),
            message.data,
            message,
        )

    async def settle(self) -> None:
        """Acknowledge. One that gets lost means a repetition, which the inbox knows."""
        await self._say(b"+ACK")

    async def keep(self) -> None:
        """Tell the server that it is still being worked on, so that it is not delivered again."""
        await self._say(b"+WPI")

    async def give_back(self, *, at_once: bool = False) -> None:
        """Return it for redelivery, after a pause that grows with every delivery, or at once.

        Without a pause a failing message would come back within microseconds.
        """
        if at_once:
            return await self._say(b"-NAK")
        pause = int(_BACKOFF.after(self.deliveries, _RANDOM) * 1_000_000_000)
        return await self._say(b'-NAK {"delay": %d}' % pause)

    async def _say(self, what: bytes) -> None:
        client = self._message._client
        if not client.is_connected:
            # The server delivers it again once `ack_wait` is over.
            return
        if isinstance(client, TolerantClient) and client.send(self._message.reply, what, ""):
            # With the others of this turn of the loop, in one write.
            return
        try:
            await client.publish(self._message.reply, what)
        except (nats.errors.Error, OSError):
            return


def _number(text: str | None) -> int | None:
    plain = text is not None and len(text) <= _DIGITS and text.isascii() and text.isdigit()
    return int(text) if text is not None and plain else None
