"""Authenticators hear what changes about principals, and nothing that is not what it says."""

from collections.abc import Sequence
from types import SimpleNamespace
from uuid import UUID

import msgspec
import pytest
import structlog
from structlog.testing import capture_logs

from colonnade.clock import SystemClock
from colonnade.context import current_context
from colonnade.events import Envelope, Event, event, event_source, event_type_of
from colonnade.hookspecs import hookimpl
from colonnade.identifiers import new_id
from colonnade_runtime.adapters.bus.memory import MemoryBus
from colonnade_runtime.background.events.principal_events import observe_principals


@event("doors", key="person_id")
class KeyReturned(Event):
    """Loss of a key: its owner may not come in any more."""

    person_id: UUID


@hookimpl
def principal_events() -> Sequence[type[Event]]:
    """Events that the doors have to know of."""
    return (KeyReturned,)


class Doorkeeper:
    """An authenticator that hears."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Event]] = []

    def heard(self, event: Event) -> None:
        self.told.append((current_context().tenant, event))


PERSON = new_id()
TYPE = event_type_of(KeyReturned).type


def enveloped(tenant: str = "acme", **changes: object) -> bytes:
    fields: dict[str, object] = {
        "id": new_id(),
        "source": event_source(tenant, "doors"),
        "type": TYPE,
        "subject": str(PERSON),
        "time": SystemClock().now(),
        "tenant": tenant,
        "data": msgspec.Raw(KeyReturned(person_id=PERSON).encode()),
    }
    return Envelope(**{**fields, **changes}).encode()  # type: ignore[arg-type]


@pytest.fixture
async def bus() -> MemoryBus:
    made = MemoryBus()
    await made.start()
    return made


@pytest.fixture
async def keeper(bus: MemoryBus) -> Doorkeeper:
    made = Doorkeeper()
    await observe_principals(
        bus,
        "doors",
        principal_events(),
        [made, SimpleNamespace()],
        is_known=lambda tenant: tenant == "acme",
        clock=SystemClock(),
        log=structlog.get_logger("doors"),
    )
    return made


async def test_an_authenticator_hears_an_event_within_its_tenant(
    bus: MemoryBus, keeper: Doorkeeper
) -> None:
    await bus.publish(TYPE, "acme/person/1", "e1", enveloped())

    assert keeper.told == [("acme", KeyReturned(person_id=PERSON))]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[" * 20_000,
        enveloped(tenant="nowhere"),
        enveloped(source=event_source("acme", "course")),
        enveloped(type="colonnade.course.CourseDeleted.v1"),
        enveloped(data=msgspec.Raw(b'{"person_id": "nobody"}')),
    ],
    ids=["empty", "deep", "unknown tenant", "other source", "other type", "no such field"],
)
async def test_what_is_not_what_it_says_is_passed_over(
    bus: MemoryBus, keeper: Doorkeeper, data: bytes
) -> None:
    with capture_logs():
        await bus.publish(TYPE, "acme/person/1", "e1", data)

    assert keeper.told == []
