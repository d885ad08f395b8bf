"""Permissions of each process on NATS, worked out from what its services declare.

The subjects are those of `subjects`, `jetstream` and `serving`
(https://docs.nats.io/running-a-nats-service/configuration/securing_nats/authorization).

Nobody gets `allow_responses`: it lets a user publish to whatever reply subject reaches it, its own
messages included, so with it a user may publish anything. In its place stand the inboxes of
those that ask it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from colonnade_runtime.adapters.bus.nats.connection.inboxes import inbox_prefix
from colonnade_runtime.adapters.bus.nats.connection.subjects import (
    HERE,
    EventName,
    consumer_name,
    token,
)
from colonnade_runtime.adapters.bus.nats.events.stream_administration import ADMINISTRATOR
from colonnade_runtime.adapters.bus.nats.events.streams import (
    ADVISORIES,
    Stream,
    stream_of,
    stream_with,
)

_VERBS = ("PING", "INFO", "STATS")


@dataclass(frozen=True, slots=True)
class ProcessNeeds:
    """Needs that a process declares: `hosts` and `asks` are services, and `hears` its reactions:
    the name of each consumer, `<service>:<reaction>`, with the type of its event. `observes` are
    the types of events that it hears as they are published, and that nobody keeps for it."""

    process: str
    hosts: Sequence[str]
    asks: Sequence[str]
    hears: Sequence[tuple[str, str]]
    observes: Sequence[str] = ()

    @property
    def asked(self) -> frozenset[str]:
        """Services that it may ask: its own, too, for a replica may be the one that answers."""
        return frozenset((*self.hosts, *self.asks))


@dataclass(frozen=True, slots=True)
class Permissions:
    """Subjects that a user may publish to and subscribe to, and nothing else."""

    process: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def permissions(every: Sequence[ProcessNeeds]) -> list[Permissions]:
    """Permissions of each process, and of the administrator who makes their streams."""
    found = [
        Permissions(needs.process, _unique(_published(needs, every)), _unique(_subscribed(needs)))
        for needs in every
    ]
    return [*found, _administrator(streams_of(every))]


def streams_of(every: Iterable[ProcessNeeds]) -> list[Stream]:
    """Every stream that somebody publishes to or hears, and that of the server's advisories."""
    found = [ADVISORIES]
    for needs in every:
        found += map(stream_of, needs.hosts)
        found += [stream_with(EventName.of(event_type)) for _, event_type in needs.hears]
    return list(dict.fromkeys(found))


def _administrator(streams: Sequence[Stream]) -> Permissions:
    acts = [f"STREAM.{act}.{each.name}" for each in streams for act in ("INFO", "CREATE", "UPDATE")]
    publish = tuple(f"$JS.API.{act}" for act in ("INFO", *acts))
    return Permissions(ADMINISTRATOR, publish, (f"{inbox_prefix(ADMINISTRATOR)}.>",))


def _subscribed(needs: ProcessNeeds) -> Iterator[str]:
    yield f"{inbox_prefix(needs.process)}.>"
    if not needs.hosts:
        # The one that hosts nothing is in front, and listens who does.
        yield f"{HERE}.>"
    for event_type in needs.observes:
        yield EventName.of(event_type).filter
    for name in map(token, needs.hosts):
        yield f"ask.{name}.>"
        for verb in _VERBS:
            yield from (f"$SRV.{verb}", f"$SRV.{verb}.{name}", f"$SRV.{verb}.{name}.*")


def _published(needs: ProcessNeeds, every: Sequence[ProcessNeeds]) -> Iterator[str]:
    yield "$JS.API.INFO"
    yield f"$JS.API.STREAM.INFO.{ADVISORIES.name}"
    if needs.hosts:
        yield f"{HERE}.{token(needs.process)}"
    for name in (*needs.hosts, *needs.asks):
        yield from (f"ask.{token(name)}.>", f"$SRV.PING.{token(name)}")
    for name in needs.hosts:
        yield f"evt.{token(name)}.>"
        yield f"$JS.API.STREAM.INFO.{stream_of(name).name}"
    for consumer, event_type in needs.hears:
        yield from _consumes(consumer, EventName.of(event_type))
    for other in every:
        if other.asked.intersection(needs.hosts):
            yield f"{inbox_prefix(other.process)}.>"


def _consumes(consumer: str, event: EventName) -> Iterator[str]:
    """Make this consumer of this event, ask it and acknowledge to it, and to no other."""
    stream, name = event.stream, consumer_name(consumer, event)
    yield f"$JS.API.STREAM.INFO.{stream}"
    yield f"$JS.API.CONSUMER.CREATE.{stream}.{name}.{event.filter}"
    for what in ("INFO", "UNPIN", "MSG.NEXT"):
        yield f"$JS.API.CONSUMER.{what}.{stream}.{name}"
    yield f"$JS.ACK.{stream}.{name}.>"
    # As newer servers may name it (ADR-15): after the domain, `_` for none, and the account.
    yield f"$JS.ACK._.*.{stream}.{name}.>"


def server_configuration(found: Iterable[Permissions]) -> str:
    """The `authorization` of a server's configuration, with one user per process and replica.

    A password is taken from the server's environment, `NATS_PASSWORD_<PROCESS>`.
    """
    users = "\n".join(_user(each) for each in found)
    return f"authorization {{\n  users = [\n{users}\n  ]\n}}\n"


def password_variable(process: str) -> str:
    """The environment variable that holds the password of a process."""
    return f"NATS_PASSWORD_{process.upper().replace('-', '_')}"


def _user(of: Permissions) -> str:
    return f"""\
    {{
      user: "{of.process}"
      password: ${password_variable(of.process)}
      permissions {{
        publish {{ allow: [{_listed(of.publish)}] }}
        subscribe {{ allow: [{_listed(of.subscribe)}] }}
      }}
    }}"""


def _listed(subjects: Sequence[str]) -> str:
    return "".join(f'\n          "{each}"' for each in subjects) + "\n        "


def _unique(subjects: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(subjects))
