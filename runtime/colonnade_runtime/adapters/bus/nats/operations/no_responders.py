"""Explanation of `no responders`: the service is away, or its processes run another release."""

import time

import msgspec
from cachetools import TTLCache

from colonnade.decoding import Unreadable, decoded
from colonnade.errors import DeadlineExceeded, Unavailable
from colonnade_runtime.adapters.bus.nats.connection.connection import Connection

ASKING_SECONDS = 0.3

REMEMBERED = 1_000
"""Operations whose answer is kept."""

BELIEVED_SECONDS = 2.0
"""How long one answer counts: a caller that asks again and again must not ask twice as much."""


class _Pong(msgspec.Struct):
    """Answer of a micro service to `$SRV.PING` (ADR-32), as far as it matters."""

    version: str
    metadata: dict[str, str]


_PONG = msgspec.json.Decoder(_Pong)


class NoRespondersExplanation:
    """Finds out, from those that host a service, why none of them takes an operation."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: TTLCache[str, str] = TTLCache(
            REMEMBERED, BELIEVED_SECONDS, timer=time.monotonic
        )

    async def why(self, subject: str) -> str:
        """A sentence for who asked `ask.<service>.v<major>.<operation>`, which nobody serves."""
        known = self._known.get(subject)
        if known is not None:
            return known
        sentence = await self._found_out(subject)
        self._known[subject] = sentence
        return sentence

    async def _found_out(self, subject: str) -> str:
        _, service, major, operation = subject.split(".")
        nobody = f"Nobody serves '{subject}' at the moment."
        try:
            answer = await self._connection.request(f"$SRV.PING.{service}", b"", ASKING_SECONDS)
            pong = decoded(_PONG.decode, answer.data)
        except (Unavailable, DeadlineExceeded, Unreadable):
            return nobody
        there = f"v{pong.version.partition('.')[0]}"
        who = f"the process '{pong.metadata.get('process', '?')}'"
        if there != major:
            return (
                f"{nobody} This process asks for major {major} of '{service}', and {who} offers"
                f" {there}: run releases of both whose contracts agree."
            )
        return (
            f"{nobody} {who.capitalize()} hosts '{service}' and does not know {operation}: it runs"
            " an older release, or stops."
        )
