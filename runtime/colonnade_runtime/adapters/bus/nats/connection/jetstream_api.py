"""JetStream's API (https://docs.nats.io, ADR-1): one request, one answer in JSON."""

from typing import Any

import msgspec

from colonnade.decoding import Unreadable, decoded
from colonnade.errors import DeadlineExceeded, Unavailable
from colonnade_runtime.adapters.bus.nats.connection.connection import Connection

SECONDS = 5.0
"""How long the server may take for one request."""


_OBJECT = msgspec.json.Decoder(dict[str, Any])


class ApiError(Unavailable):
    """JetStream refused a request; `number` is its own code for why."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number


class JetStreamApi:
    """Asks JetStream over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def ask(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to `$JS.API.<what>`.

        Raises:
            ApiError: when JetStream refuses.
            MayNotPublish: when the server does not let this user ask that.
            Unavailable: when nobody answers, or what cannot be read.
        """
        try:
            answer = await self._connection.request(
                f"$JS.API.{what}", msgspec.json.encode(body), SECONDS
            )
        except DeadlineExceeded:
            raise Unavailable(f"JetStream did not answer within {SECONDS:g} s.") from None
        said = read_object(answer.data)
        if said is None:
            raise Unavailable(f"JetStream answered {what.partition('.')[0]} with no JSON object.")
        error = said.get("error")
        if error is not None:
            number, text = reason_of(error)
            raise ApiError(f"JetStream refused {what.partition('.')[0]}: {text}.", number)
        return said


def read_object(data: bytes) -> dict[str, Any] | None:
    """The JSON object in `data`; nothing when it holds anything else."""
    try:
        return decoded(_OBJECT.decode, data)
    except Unreadable:
        return None


def reason_of(error: Any) -> tuple[int, str]:
    """JetStream's own number for a refusal, and its sentence without the full stop."""
    if not isinstance(error, dict):
        return 0, "refused"
    number = error.get("err_code")
    text = str(error.get("description", "refused")).rstrip(".")
    return (number if isinstance(number, int) else 0), text
