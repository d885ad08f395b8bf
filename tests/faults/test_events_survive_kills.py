"""A process that is killed between commit, publication, effect and acknowledgement."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from ledger.api import Deposited
from ledger.house import House, Ledger
from ledger.models import EntryRow
from sqlalchemy import select

from colonnade.crash_points import crash_points

pytestmark = pytest.mark.faults

KILLED = -9
TENANT = "acme"
NUMBERS = range(4)
POINTS = (
    "relay.read",
    "relay.published",
    "relay.marked",
    "delivery.reacted",
    "delivery.handled",
    "store.flushed",
    "store.committed",
)

Child = Callable[[Callable[[], None], str], int]


def live(folder: Path, *, fails: bool = False) -> Callable[[], None]:
    """A process that deposits what is missing, and ends when everything is handled."""

    async def main() -> None:
        ledger = Ledger()
        if fails:
            ledger.fail = _always
        house = House(folder, [ledger])
        await house.start()
        written = (await house.relay.status(TENANT)).pending + (
            await house.relay.status(TENANT)
        ).sent
        for number in NUMBERS[written:]:
            await house.deposit(TENANT, Deposited(account="a", amount=1, number=number))
        await house.until_sent(TENANT)
        await house.stop()

    return lambda: asyncio.run(main())


def _always(event: Deposited) -> None:
    raise ValueError("never")


async def look(folder: Path, by: str) -> list[int]:
    house = House(folder, [Ledger()])
    query = select(EntryRow.number).where(EntryRow.by == by).order_by(EntryRow.id)
    found = await house.read(TENANT, lambda session: list(session.scalars(query)))
    await house.stores.close()
    return list(found)


async def count_dead_letters(folder: Path) -> int:
    house = House(folder, [Ledger()])
    letters = await house.delivery.dead_letters(TENANT)
    await house.stores.close()
    return len(letters)


@pytest.mark.parametrize("point", POINTS)
def test_every_event_has_exactly_one_effect_wherever_the_process_is_killed(
    tmp_path: Path, child: Child, point: str
) -> None:
    for count in (1, 2, 4):
        folder = tmp_path / str(count)
        code = child(live(folder), f"{point}:{count}")
        assert code in (KILLED, 0)
        assert code == KILLED or count > 1, f"{point} was never reached"
        assert child(live(folder), "") == 0
        assert asyncio.run(look(folder, "book")) == list(NUMBERS)
        assert asyncio.run(look(folder, "confirm")) == list(NUMBERS)


def test_a_given_up_event_leaves_one_dead_letter(tmp_path: Path, child: Child) -> None:
    assert child(live(tmp_path, fails=True), "delivery.given_up:2") == KILLED
    assert child(live(tmp_path, fails=True), "") == 0
    assert asyncio.run(count_dead_letters(tmp_path)) == len(NUMBERS)
    assert asyncio.run(look(tmp_path, "book")) == []


def test_every_crash_point_of_relay_and_delivery_is_tried_here() -> None:
    named = {name for name in crash_points() if name.startswith(("relay.", "delivery."))}
    assert named == {*POINTS[:5], "delivery.given_up"}
