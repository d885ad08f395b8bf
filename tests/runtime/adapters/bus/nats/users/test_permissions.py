"""The permissions that are generated: enough for what is declared, and for nothing else."""

import asyncio

import pytest
from nats.aio.msg import Msg
from structlog.testing import CapturingLogger

from colonnade.bus import Consumer
from colonnade.errors import ColonnadeError
from colonnade_runtime.adapters.bus.nats import NatsBus

pytestmark = pytest.mark.server


async def echo(payload: bytes, header: str) -> bytes:
    return payload


def refusals(said: CapturingLogger) -> list[str]:
    """Refusals of the server, in lower case."""
    lines = [str(call).lower() for call in said.calls]
    return [line for line in lines if "permissions violation" in line]


async def refused(said: CapturingLogger, count: int, what: str = "") -> None:
    """Wait, with a bound, until the server has refused something so often."""
    async with asyncio.timeout(5):
        while len([line for line in refusals(said) if what.lower() in line]) < count:
            await asyncio.sleep(0.01)


async def test_who_requires_a_service_may_ask_it(buses: dict[str, NatsBus]) -> None:
    await buses["people"].serve("ask.user.v1.Read", echo)
    await buses["learning"].serve("ask.course.v1.Read", echo)
    # Payment requires course; everybody with HTTP asks who calls.
    for asker, subject in (
        ("money", "ask.course.v1.Read"),
        ("money", "ask.user.v1.Read"),
        ("learning-2", "ask.course.v1.Read"),
        ("learning-2", "ask.user.v1.Read"),
    ):
        assert await buses[asker].ask(subject, b"yes", "", 5.0) == b"yes"


async def test_every_process_hears_who_was_shut_out_and_nothing_else_of_others(
    buses: dict[str, NatsBus], said: CapturingLogger
) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    for process in ("learning", "learning-2", "money", "people"):
        await buses[process].observe("colonnade.user.SessionEnded.v1", heard.put)
        await buses[process].connection.arrived()
    await buses["people"].publish("colonnade.user.SessionEnded.v1", "acme/user/1", "e1", b"over")
    async with asyncio.timeout(10):
        assert [await heard.get() for _ in range(4)] == [b"over"] * 4
    assert refusals(said) == []

    await buses["money"].observe("colonnade.course.CourseDeleted.v1", heard.put)
    await refused(said, 1, "evt.course")


async def test_an_event_reaches_who_declared_it_in_any_replica(
    buses: dict[str, NatsBus], said: CapturingLogger
) -> None:
    seen: asyncio.Queue[bytes] = asyncio.Queue()
    event = "colonnade.user.UserDeleted.v1"
    for process in ("learning", "learning-2"):
        await buses[process].consume(Consumer("course:Departures.user_deleted", event, seen.put))
    await buses["people"].publish(event, "acme/user/1", "e1", b"first")
    async with asyncio.timeout(10):
        assert await seen.get() == b"first"
        # The one that has the consumer gives it to the other.
        await buses["learning"].stop(1.0)
        await buses["people"].publish(event, "acme/user/1", "e2", b"second")
        assert await seen.get() == b"second"
    assert refusals(said) == []


@pytest.mark.parametrize(
    ("process", "subject"),
    [
        ("people", "ask.payment.v1.Read"),
        ("learning", "ask.payment.v1.Read"),
        ("gateway", "ask.user.v1.Read"),
        ("money", "$JS.API.STREAM.DELETE.evt_payment"),
        ("people", "$JS.API.STREAM.UPDATE.evt_course"),
    ],
)
async def test_what_is_not_declared_is_not_sent(
    buses: dict[str, NatsBus], said: CapturingLogger, process: str, subject: str
) -> None:
    await buses["money"].serve("ask.payment.v1.Read", echo)
    with pytest.raises(ColonnadeError):
        await buses[process].ask(subject, b"", "", 0.3)
    await refused(said, 1, subject)


async def test_nobody_publishes_the_events_of_others(
    buses: dict[str, NatsBus], said: CapturingLogger
) -> None:
    made = "colonnade.user.UserDeleted.v1"
    await buses["people"].publish(made, "acme/user/1", "e1", b"true")
    with pytest.raises((ColonnadeError, TimeoutError)):
        async with asyncio.timeout(1.0):
            await buses["money"].publish(made, "acme/user/1", "e2", b"false")
    await refused(said, 1)


async def test_nobody_answers_or_overhears_for_others(
    buses: dict[str, NatsBus], said: CapturingLogger
) -> None:
    heard: list[bytes] = []

    async def overhear(message: Msg) -> None:
        heard.append(message.data)

    client = buses["money"].connection.client
    await buses["money"].serve("ask.user.v1.Read", echo)
    for subject in ("_INBOX.learning.>", "evt.>", ">"):
        await client.subscribe(subject, cb=overhear)
    await refused(said, 4)
    await buses["people"].serve("ask.user.v1.Read", echo)
    assert await buses["learning"].ask("ask.user.v1.Read", b"yes", "", 5.0) == b"yes"
    await buses["people"].publish("colonnade.user.Made.v1", "acme/user/1", "e1", b"fact")
    await client.flush()
    assert heard == []
