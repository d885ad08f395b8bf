"""End of the watch over a consumer that became ours."""

import asyncio
from typing import Any, cast

from colonnade_runtime.adapters.bus.nats.connection.subjects import EventName
from colonnade_runtime.adapters.bus.nats.events.consumer_api import ConsumerApi, ConsumerState
from colonnade_runtime.adapters.bus.nats.events.subject_order import SubjectOrder
from colonnade_runtime.adapters.bus.nats.events.takeover import ConsumerTakeover

EVENT = EventName.of("colonnade.course.EnrollmentActivated.v1")


class SlowServer:
    """A server that counts what is outstanding after it was asked, and before it answers."""

    def __init__(self, known: set[int]) -> None:
        self.known = known
        self.outstanding = {*known, 7}
        self.settled_meanwhile: set[int] = set()
        self.arrived_meanwhile: set[int] = set()
        self.floor = 0

    async def state(self, event: Any, name: str) -> ConsumerState:
        self.known -= self.settled_meanwhile
        self.outstanding -= self.settled_meanwhile
        counted = len(self.outstanding)
        await asyncio.sleep(0)
        self.known |= self.arrived_meanwhile
        return ConsumerState(floor=self.floor, delivered=12, outstanding=counted)


def watching(server: SlowServer) -> ConsumerTakeover:
    gaps = ConsumerTakeover(
        cast("ConsumerApi", server), EVENT, "c", lambda: set(server.known), patience=9.0, grace=9.0
    )
    gaps.watch()
    return gaps


async def test_it_ends_when_nothing_is_outstanding_that_is_not_here() -> None:
    server = SlowServer({10, 11})
    server.outstanding.discard(7)
    gaps = watching(server)
    await gaps.look()
    assert not gaps.is_watching


async def test_what_is_settled_while_the_server_counts_does_not_end_it() -> None:
    """Seven is with a process that died: it is outstanding, and not here."""
    server = SlowServer({10, 11, 12})
    server.settled_meanwhile = {11, 12}
    gaps = watching(server)
    await gaps.look()
    assert gaps.is_watching


async def test_what_arrives_while_the_server_answers_does_not_end_it() -> None:
    server = SlowServer({10})
    server.arrived_meanwhile = {11, 12}
    gaps = watching(server)
    await gaps.look()
    assert gaps.is_watching


async def test_what_was_given_back_by_others_is_waited_for_whatever_came_first() -> None:
    """Five to twelve were given back with pauses of their own; twelve is here before them."""
    server = SlowServer({12})
    server.outstanding = set(range(5, 13))
    server.floor = 4
    gaps = watching(server)
    await gaps.look()
    assert gaps.is_watching
    server.floor, server.outstanding = 12, {13, 14}
    await until_looked(gaps)
    assert not gaps.is_watching


async def until_looked(gaps: ConsumerTakeover) -> None:
    """Wait for a look at the server, which comes ten times a second at most."""
    async with asyncio.timeout(5):
        while gaps.is_watching:
            await gaps.look()
            await asyncio.sleep(0.01)


class Given:
    """A message that was delivered."""

    subject = "evt.course.acme.enrollment.a.EnrollmentActivated-v1"

    def __init__(self, sequence: int) -> None:
        self.sequence = sequence
        self.is_settled = False

    async def settle(self) -> None:
        """Ignore it: nothing listens."""
        self.is_settled = True

    async def give_back(self, *, at_once: bool = False) -> None:
        """Ignore it: nothing listens."""


async def test_a_message_that_was_given_back_and_is_here_again_is_one_message() -> None:
    go_on = asyncio.Event()
    tries = 0

    async def handle(message: Given) -> bool:
        nonlocal tries
        tries += 1
        if tries > 1:
            await go_on.wait()
        return tries > 1

    async def ready(message: Given, is_first: Any) -> bool:
        return True

    order: SubjectOrder[Given] = SubjectOrder("c", ready, handle, lambda: None, 4)
    await order.put(Given(4))
    async with asyncio.timeout(5):
        while order.unsettled:
            await asyncio.sleep(0)
        assert order.known == {4}
        await order.put(Given(4))
        while tries < 2:
            await asyncio.sleep(0)
    assert order.known == {4}
    go_on.set()
    async with asyncio.timeout(5):
        while order.known:
            await asyncio.sleep(0)


async def test_what_was_begun_in_a_former_stream_holds_up_nothing_of_the_new_one() -> None:
    """A wiped server counts from one again: the numbers of before mean other messages."""
    fail, handled = asyncio.Event(), []

    async def handle(message: Given) -> bool:
        if message is old:
            await fail.wait()
            return False
        handled.append(message.sequence)
        return True

    async def ready(message: Given, is_first: Any) -> bool:
        return True

    order: SubjectOrder[Given] = SubjectOrder("c", ready, handle, lambda: None, 4)
    old = Given(5)
    await order.put(old)
    await order.put(Given(8))
    await asyncio.sleep(0)
    await order.begin_anew()
    assert order.known == set()
    await order.put(Given(6))
    fail.set()
    await order.put(Given(7))
    async with asyncio.timeout(5):
        while len(handled) < 2:
            await asyncio.sleep(0)
    assert handled == [6, 7]
    assert order.known == set()


async def test_what_was_begun_in_a_former_stream_acknowledges_nothing_of_the_new_one() -> None:
    """Acknowledging it would count for the message that has its number now."""
    go_on, handled = asyncio.Event(), []

    async def handle(message: Given) -> bool:
        if message is old:
            await go_on.wait()
        handled.append(message)
        return True

    async def ready(message: Given, is_first: Any) -> bool:
        return True

    order: SubjectOrder[Given] = SubjectOrder("c", ready, handle, lambda: None, 4)
    old, new = Given(5), Given(5)
    await order.put(old)
    await asyncio.sleep(0)
    await order.begin_anew()
    await order.put(new)
    go_on.set()
    async with asyncio.timeout(5):
        while not new.is_settled:
            await asyncio.sleep(0)
    assert handled == [old, new]
    assert not old.is_settled
