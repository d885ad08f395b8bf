"""One process at a time does a service's background work."""

import asyncio
from pathlib import Path

import structlog
from shop.house import TENANT, ShopHouse
from shop.service import TRANSFER

from colonnade.clock import SystemClock
from colonnade.control_store import Lease
from colonnade.sagas import SagaPhase
from colonnade_runtime.ownership import Ownership


def ownership(house: ShopHouse, owner: str, seconds: float = 30.0) -> Ownership:
    log = structlog.get_logger()
    return Ownership(house.control, "other", owner, SystemClock(), log, seconds=seconds)


async def test_only_one_of_two_processes_holds_it(house: ShopHouse) -> None:
    first, second = ownership(house, "a"), ownership(house, "b")
    await first.start()
    await second.start()
    assert first.lease is not None
    assert second.lease is None
    await first.stop()
    await second.stop()


async def test_it_passes_on_when_it_is_given_back(house: ShopHouse) -> None:
    first, second = ownership(house, "a"), ownership(house, "b", seconds=0.15)
    await first.start()
    await second.start()
    await first.stop()
    async with asyncio.timeout(10):
        while second.lease is None:
            await asyncio.sleep(0.01)
    await second.stop()


async def test_a_process_that_was_killed_takes_its_own_back_at_once(house: ShopHouse) -> None:
    killed = ownership(house, "a")
    await killed._hold()
    again = ownership(house, "a")
    await again.start()
    assert again.lease is not None
    assert killed.lease is not None
    assert again.lease.token > killed.lease.token
    await again.stop()


async def test_it_is_not_held_any_more_when_it_could_not_be_renewed(house: ShopHouse) -> None:
    held = ownership(house, "a", seconds=0.03)
    await held._hold()
    async with asyncio.timeout(10):
        while held.lease is not None:
            await asyncio.sleep(0.01)


async def test_a_transition_by_a_process_that_lost_it_does_not_commit(tmp_path: Path) -> None:
    old = ShopHouse(tmp_path / "shop")
    await old.start()
    order = await old.place(TRANSFER)
    await old.until(order, SagaPhase.WAITING)
    stale = old.ownership.lease
    assert stale is not None
    newer = Lease(stale.name, "new", stale.token + 1, stale.expires_at)
    old.ownership._lease = newer
    other = await old.place(TRANSFER)
    await old.until(other, SagaPhase.WAITING)
    old.ownership._lease = stale
    await old.signal(order, "confirmed")
    async with asyncio.timeout(10):
        while not old.sagas._failures:
            await asyncio.sleep(0.01)
    assert (await old.sagas.show(TENANT, order)).phase is SagaPhase.WAITING
    assert old.world.calls["confirm"] == 0
    await old.stop()
