"""The streams of the platform: how each is kept, and what makes one that is found another's.

Making and changing them is an administrator's act. Where the server has no users, every process
is one; where it has, a process looks, and refuses what is not as it must be.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from colonnade.errors import ConfigurationError
from colonnade_runtime.adapters.bus.nats.connection.options import NatsOptions
from colonnade_runtime.adapters.bus.nats.connection.subjects import EventName, token

DUPLICATE_WINDOW = 120.0
"""Seconds in which the server drops a second message of one id."""

_KEPT_BY = ("max_age", "duplicate_window", "num_replicas")
"""What is declared, or follows from a release: a stream that differs in it is still ours."""

_OPERATORS_CHOICE = frozenset(
    {
        "allow_direct",  # Nobody of ours uses it, and the permissions give it to nobody.
        "compression",
        "consumer_limits",
        "deny_delete",
        "deny_purge",
        "description",
        "metadata",
        "mirror_direct",
        "placement",
    }
)
_UNSET: tuple[Any, ...] = (None, False, "", "none", 0, -1, [], {})


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream that the platform needs."""

    name: str
    subjects: tuple[str, ...]


ADVISORIES = Stream(
    "evt_advisories",
    (
        "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.>",
        "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.>",
    ),
)
"""What the server says of messages that it delivers no more."""


def stream_of(service: str) -> Stream:
    """The stream that keeps the events of a service."""
    return Stream(f"evt_{token(service)}", (f"evt.{token(service)}.>",))


def stream_with(event: EventName) -> Stream:
    """The stream that keeps an event."""
    return Stream(event.stream, (event.stream_subjects,))


class ForeignStream(ConfigurationError):
    """A stream of this name is there, and somebody made it do something else."""

    code = "foreign_stream"
    title = "A stream was changed"

    def __init__(self, name: str, differences: tuple[str, ...]) -> None:
        self.differences = differences
        super().__init__(
            f"The stream {name} on NATS is not as Colonnade makes it: {'; '.join(differences)}. "
            "Nothing is read from it and nothing put into it. Find out who changed it, then run: "
            "colonnade nats setup --repair"
        )


def configuration(stream: Stream, options: NatsOptions) -> dict[str, Any]:
    """Configuration of a stream of ours (JetStream's `StreamConfig`; times in nanoseconds)."""
    return {
        "name": stream.name,
        "subjects": list(stream.subjects),
        "retention": "limits",
        "storage": "file",
        "discard": "old",
        "max_age": nanoseconds(options.max_age),
        "duplicate_window": nanoseconds(DUPLICATE_WINDOW),
        "num_replicas": options.replicas,
        "max_consumers": -1,
        "max_msgs": -1,
        "max_bytes": -1,
    }


def foreign(found: dict[str, Any], wanted: dict[str, Any]) -> tuple[str, ...]:
    """Differences that make a stream another's: other subjects, `republish`, mirrors, sources, …

    Whatever is not known here counts, unless it is switched off: a later server may have more.
    """
    return tuple(_foreign(found, wanted))


def _foreign(found: dict[str, Any], wanted: dict[str, Any]) -> Iterator[str]:
    for key in sorted(found.keys() | wanted.keys()):
        if key in _KEPT_BY or key in _OPERATORS_CHOICE:
            continue
        value, ours = found.get(key), wanted.get(key)
        if key == "subjects":
            value, ours = sorted(value or ()), sorted(ours or ())
        if value == ours or (ours is None and value in _UNSET):
            continue
        should = "be unset" if ours is None else f"be {ours}"
        yield f"{key} is {value} and should {should}"


def kept_otherwise(found: dict[str, Any], wanted: dict[str, Any]) -> tuple[str, ...]:
    """Differences between a stream of ours and the declaration."""
    return tuple(
        f"{key} is {found.get(key)} and is declared as {wanted[key]}"
        for key in _KEPT_BY
        if found.get(key) != wanted[key]
    )


def updated(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Configuration that updates a stream: as wanted, and for the rest as an operator chose."""
    return {key: found[key] for key in found.keys() & _OPERATORS_CHOICE} | wanted


def nanoseconds(seconds: float) -> int:
    """JetStream's unit of time."""
    return int(seconds * 1_000_000_000)
