"""Turns go round over academies and their people, whoever asks more often."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade.errors import Unavailable
from colonnade_runtime.workers.turns import Turns

ASKING = st.lists(
    st.tuples(st.sampled_from(["acme", "globex", "third"]), st.sampled_from(["ada", "bob"])),
    min_size=1,
    max_size=40,
)


async def order_of(asking: list[tuple[str, str]], places: int) -> list[tuple[str, str]]:
    """Who has a turn after whom, when all ask at one time and each turn is short."""
    turns, order = Turns(places, 1_000), []

    async def hold(tenant: str, person: str) -> None:
        async with turns.turn(tenant, person):
            order.append((tenant, person))
            await asyncio.sleep(0)

    await asyncio.gather(*(hold(*each) for each in asking))
    assert turns.waiting == 0
    return order


@given(ASKING, st.integers(1, 4))
def test_everybody_has_every_turn(asking: list[tuple[str, str]], places: int) -> None:
    assert sorted(asyncio.run(order_of(asking, places))) == sorted(asking)


async def test_who_asks_once_is_not_behind_who_asked_a_hundred_times() -> None:
    asking = [("acme", "ada")] * 100 + [("acme", "bob"), ("globex", "eve")]
    order = await order_of(asking, 1)
    assert order.index(("globex", "eve")) <= 2
    assert order.index(("acme", "bob")) <= 3


@given(st.lists(st.integers(0, 19), unique=True, max_size=20))
def test_who_gives_up_takes_no_turn_and_keeps_no_place(cancelled: list[int]) -> None:
    async def play() -> None:
        turns, done = Turns(1, 1_000), []

        async def hold(number: int) -> None:
            async with turns.turn("acme", str(number % 3)):
                await asyncio.sleep(0)
                done.append(number)

        tasks = [asyncio.create_task(hold(number)) for number in range(20)]
        for number in cancelled:
            await asyncio.sleep(0)
            tasks[number].cancel()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(end is None for end in ends) == len(done)
        async with asyncio.timeout(1), turns.turn("acme", "last"):
            assert turns.waiting == 0

    asyncio.run(play())


async def test_a_person_an_academy_and_all_have_their_part_of_the_queue() -> None:
    turns = Turns(1, 8)
    waiting = [
        asyncio.ensure_future(turns.turn(tenant, person).__aenter__())
        for tenant, person in [("acme", "ada")] * 3 + [("acme", "bob")] * 2 + [("globex", "eve")]
    ]
    await asyncio.sleep(0)
    for tenant, person in (("acme", "ada"), ("acme", "cy")):
        with pytest.raises(Unavailable):
            async with turns.turn(tenant, person):
                pass
    assert turns.waiting == 5
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
