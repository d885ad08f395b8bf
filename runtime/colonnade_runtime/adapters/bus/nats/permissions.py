"""What each process may say and hear on NATS, worked out from what its services declare.

The subjects are those of `subjects`, `jetstream` and `serving`
(https://docs.nats.io/running-a-nats-service/configuration/securing_nats/authorization).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from colonnade_runtime.adapters.bus.nats.connection import inbox_prefix
from colonnade_runtime.adapters.bus.nats.jetstream import ADVISORIES
from colonnade_runtime.adapters.bus.nats.subjects import HERE, EventName, token


@dataclass(frozen=True, slots=True)
class Needs:
    """What a process declares to need: `hosts` and `asks` are services, `hears` event types."""

    process: str
    hosts: Sequence[str]
    asks: Sequence[str]
    hears: Sequence[str]


@dataclass(frozen=True, slots=True)
class Permissions:
    """Subjects that a process may publish to and subscribe to, and nothing else.

    It may also answer whom it was asked by, which no subject can say beforehand.
    """

    process: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def permissions(needs: Needs) -> Permissions:
    """The permissions of one process."""
    publish = _unique(_published(needs))
    subscribe = _unique(
        [
            f"{inbox_prefix(needs.process)}.>",
            # The one that hosts nothing is in front, and listens who does.
            *([] if needs.hosts else [f"{HERE}.>"]),
            *(f"ask.{token(name)}.>" for name in needs.hosts),
            *(["$SRV.>"] if needs.hosts else []),
        ]
    )
    return Permissions(needs.process, publish, subscribe)


def _published(needs: Needs) -> Iterator[str]:
    yield "$JS.API.INFO"
    if needs.hosts:
        yield f"{HERE}.{token(needs.process)}"
    yield from _makes(ADVISORIES, may_change=True)
    # Of its own services, too: a replica may be the one that answers.
    yield from (f"ask.{token(name)}.>" for name in (*needs.hosts, *needs.asks))
    yield from (f"$SRV.PING.{token(name)}" for name in (*needs.hosts, *needs.asks))
    for name in needs.hosts:
        yield f"evt.{token(name)}.>"
        yield from _makes(f"evt_{token(name)}", may_change=True)
    for event in (EventName.of(each) for each in needs.hears):
        yield from _makes(event.stream, may_change=False)
        yield from _consumes(event)


def _makes(stream: str, *, may_change: bool) -> Iterator[str]:
    yield f"$JS.API.STREAM.CREATE.{stream}"
    if may_change:
        yield f"$JS.API.STREAM.UPDATE.{stream}"


def _consumes(event: EventName) -> Iterator[str]:
    """Make a consumer of this event and no other; afterwards only its name is asked for."""
    yield f"$JS.API.CONSUMER.CREATE.{event.stream}.*.{event.filter}"
    for what in ("INFO", "UNPIN", "MSG.NEXT"):
        yield f"$JS.API.CONSUMER.{what}.{event.stream}.*"
    yield f"$JS.API.DIRECT.GET.{event.stream}"
    yield f"$JS.ACK.{event.stream}.>"


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
        allow_responses {{ max: 1, expires: "5m" }}
      }}
    }}"""


def _listed(subjects: Sequence[str]) -> str:
    return "".join(f'\n          "{each}"' for each in subjects) + "\n        "


def _unique(subjects: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(subjects))
