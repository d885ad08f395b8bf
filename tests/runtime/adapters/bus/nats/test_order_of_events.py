"""Events of one aggregate stay in order: over failures, crashes and several processes."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from colonnade.bus import Consumer
from colonnade.errors import Unavailable
from colonnade_runtime.adapters.bus.nats import NatsBus

MakeBus = Callable[..., Awaitable[NatsBus]]
MADE = "colonnade.course.Made.v1"
LIMIT = 20.0

pytestmark = [pytest.mark.server, pytest.mark.faults]


async def publish(bus: NatsBus, key: str, *envelopes: bytes) -> None:
    for envelope in envelopes:
        await bus.publish(MADE, f"acme/course/{key}", f"{key}-{envelope.decode()}", envelope)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT):
        while not condition():
            await asyncio.sleep(0.02)


class Consumed:
    """Remembers, in order; refuses the first so many times."""

    def __init__(self, refusals: int = 0) -> None:
        self.all: list[bytes] = []
        self.tries = 0
        self.refusals = refusals
        self.gate = asyncio.Event()
        self.gate.set()

    async def deliver(self, envelope: bytes) -> None:
        self.tries += 1
        await self.gate.wait()
        if self.refusals:
            self.refusals -= 1
            raise Unavailable("Not now.")
        self.all.append(envelope)


async def test_those_behind_a_failing_event_wait_for_it(make_bus: MakeBus) -> None:
    bus, consumed = await make_bus(), Consumed(refusals=3)
    await bus.consume(Consumer("user:R.on", MADE, consumed.deliver))
    expected = [b"%d" % number for number in range(10)]
    await publish(bus, "one", *expected)
    await until(lambda: len(consumed.all) == 10)
    assert consumed.all == expected


async def test_another_aggregate_does_not_wait_for_a_failing_one(make_bus: MakeBus) -> None:
    bus, held, free = await make_bus(), Consumed(refusals=10**6), Consumed()

    async def deliver(envelope: bytes) -> None:
        await (held if envelope == b"held" else free).deliver(envelope)

    await bus.consume(Consumer("user:R.on", MADE, deliver))
    await publish(bus, "held", b"held")
    await publish(bus, "free", b"free")
    await until(lambda: free.all == [b"free"])


async def test_what_a_dead_process_left_comes_before_what_follows(make_bus: MakeBus) -> None:
    """The gap is noticed: the second event is there at once, and waits for the first."""
    dying, stuck = await make_bus(), Consumed()
    stuck.gate.clear()
    await dying.consume(Consumer("user:R.on", MADE, stuck.deliver))
    await publish(dying, "one", b"first")
    await until(lambda: stuck.tries == 1)
    await dying.connection.client.close()
    heir, consumed = await make_bus(), Consumed()
    await heir.consume(Consumer("user:R.on", MADE, consumed.deliver))
    await publish(heir, "other", b"elsewhere")
    await publish(heir, "one", b"second")
    await until(lambda: len(consumed.all) == 3)
    assert [each for each in consumed.all if each != b"elsewhere"] == [b"first", b"second"]


async def test_two_processes_handle_each_event_once_and_in_order(make_bus: MakeBus) -> None:
    first, second = await make_bus("web-1"), await make_bus("web-2")
    consumed = Consumed()
    for bus in (first, second):
        await bus.consume(Consumer("user:R.on", MADE, consumed.deliver))
    expected = [b"%d" % number for number in range(200)]
    await publish(first, "one", *expected)
    await until(lambda: len(consumed.all) >= 200)
    assert consumed.all == expected


async def test_the_other_process_goes_on_when_one_stops(make_bus: MakeBus) -> None:
    """An orderly stop hands over at once."""
    first, second = await make_bus("web-1"), await make_bus("web-2")
    consumed = Consumed()
    for bus in (first, second):
        await bus.consume(Consumer("user:R.on", MADE, consumed.deliver))
    await publish(second, "one", b"1", b"2")
    await until(lambda: len(consumed.all) == 2)
    await first.stop(5.0)
    await publish(second, "one", b"3", b"4")
    await until(lambda: len(consumed.all) == 4)
    assert consumed.all == [b"1", b"2", b"3", b"4"]


async def test_an_event_that_takes_long_is_not_delivered_twice(make_bus: MakeBus) -> None:
    """A message is kept alive for longer than the server waits for an acknowledgement."""
    bus, consumed = await make_bus(), Consumed()
    consumed.gate.clear()
    await bus.consume(Consumer("user:R.on", MADE, consumed.deliver))
    await publish(bus, "one", b"slow")
    await until(lambda: consumed.tries == 1)
    await asyncio.sleep(2.5)
    assert consumed.tries == 1
    consumed.gate.set()
    await until(lambda: consumed.all == [b"slow"])


async def test_the_same_event_published_twice_is_kept_once(make_bus: MakeBus) -> None:
    """A lost answer makes the relay publish again; the server knows the id."""
    bus, consumed = await make_bus(), Consumed()
    await bus.consume(Consumer("user:R.on", MADE, consumed.deliver))
    await publish(bus, "one", b"fact")
    await publish(bus, "one", b"fact")
    await publish(bus, "one", b"last")
    await until(lambda: b"last" in consumed.all)
    assert consumed.all == [b"fact", b"last"]


async def test_a_consumer_that_comes_late_gets_what_was_kept(make_bus: MakeBus) -> None:
    """The order in which processes start does not matter."""
    bus, consumed = await make_bus(), Consumed()
    await publish(bus, "one", b"early")
    await bus.consume(Consumer("user:R.on", MADE, consumed.deliver))
    await until(lambda: consumed.all == [b"early"])
