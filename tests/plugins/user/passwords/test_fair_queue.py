"""Academies take turns at the threads that hash passwords."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colonnade.errors import Unavailable
from colonnade_user.passwords.fair_queue import FairQueue


class Line:
    """A queue whose turns end when the test says so."""

    def __init__(self, *, at_once: int = 1, maximum_waiting: int = 64) -> None:
        self.queue = FairQueue(at_once=at_once, maximum_waiting=maximum_waiting)
        self.served: list[str] = []
        self.gate = asyncio.Semaphore(0)

    async def visit(self, tenant: str) -> None:
        async with self.queue.turn(tenant):
            self.served.append(tenant)
            await self.gate.acquire()

    async def visits(self, *tenants: str) -> "list[asyncio.Task[None]]":
        tasks = [asyncio.create_task(self.visit(tenant)) for tenant in tenants]
        await settled()
        return tasks

    async def serve(self, count: int = 1) -> None:
        for _ in range(count):
            self.gate.release()
            await settled()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_academy_with_many_waiting_makes_no_other_wait_longer() -> None:
    line = Line()
    tasks = await line.visits(*["acme"] * 40, "globex", "cloister")

    await line.serve(3)

    assert line.served[1:4] == ["acme", "globex", "cloister"]
    await line.serve(60)
    await asyncio.gather(*tasks)


async def test_a_full_line_of_one_academy_turns_away_only_its_own() -> None:
    line = Line(maximum_waiting=2)
    tasks = await line.visits("acme", "acme", "acme")

    with pytest.raises(Unavailable) as refused:
        await line.visit("acme")
    tasks += await line.visits("globex")

    assert refused.value.headers == {"Retry-After": "2"}
    await line.serve(4)
    await asyncio.gather(*tasks)
    assert sorted(line.served) == ["acme", "acme", "acme", "globex"]


async def test_within_an_academy_the_first_comes_first() -> None:
    queue = FairQueue(at_once=1, maximum_waiting=9)
    order: list[int] = []

    async def visit(number: int) -> None:
        async with queue.turn("acme"):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(visit(number) for number in range(8)))

    assert order == list(range(8))


async def test_whoever_leaves_the_line_holds_up_nobody() -> None:
    line = Line()
    first, second, third = await line.visits("acme", "acme", "globex")
    second.cancel()
    await settled()

    await line.serve(2)

    await asyncio.gather(first, third)
    assert line.served == ["acme", "globex"]


async def test_a_turn_given_to_whoever_goes_away_at_that_moment_is_passed_on() -> None:
    line = Line()
    first, second, third = await line.visits("acme", "globex", "cloister")
    line.gate.release()
    await asyncio.sleep(0)
    second.cancel()

    await line.serve(3)

    await asyncio.gather(first, third)
    assert line.served[-1] == "cloister"


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3))
def test_every_turn_comes_back_whatever_is_cancelled(seed: int, at_once: int) -> None:
    chance = random.Random(seed)

    async def story() -> None:
        queue = FairQueue(at_once=at_once, maximum_waiting=100)
        running = 0

        async def visit(tenant: str) -> None:
            nonlocal running
            async with queue.turn(tenant):
                running += 1
                assert running <= at_once
                try:
                    for _ in range(chance.randrange(3)):
                        await asyncio.sleep(0)
                finally:
                    running -= 1

        tasks = [asyncio.create_task(visit(chance.choice("abc"))) for _ in range(20)]
        for _ in range(10):
            await asyncio.sleep(0)
            chance.choice(tasks).cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(1):
            await asyncio.gather(*(visit("d") for _ in range(at_once + 2)))

    asyncio.run(story())
