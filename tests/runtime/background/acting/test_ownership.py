"""One process at a time does a service's background work."""

import asyncio
from pathlib import Path

import structlog
from shop.house import TENANT, ShopHouse
from shop.service import TRANSFER

from colonnade.clock import SystemClock
from colonnade.control_store import ControlStore, Lease
from colonnade.sagas import SagaPhase
from colonnade_runtime.background.acting.ownership import Ownership


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


async def test_a_draining_process_does_not_claim_what_another_gives_back(
    house: ShopHouse,
) -> None:
    first, draining = ownership(house, "a"), ownership(house, "b", seconds=0.03)
    third = ownership(house, "c", seconds=0.15)
    await first.start()
    await draining.start()
    draining.claim_no_more()
    await first.stop()
    await draining.hold()
    assert draining.lease is None
    await third.start()
    assert third.lease is not None
    await draining.stop()
    assert third.lease is not None
    await third.stop()


async def test_a_claim_that_a_stop_overtakes_is_given_back(house: ShopHouse) -> None:
    """Cancelling a claim does not undo it: the store has it, and carries it out."""
    holder = ownership(house, "a")
    await holder.start()
    leases = SlowLeases(house.control)
    stopping = Ownership(leases, "other", "b", SystemClock(), structlog.get_logger(), seconds=0.03)
    await stopping.start()
    await holder.stop()
    await asyncio.wait_for(leases.asked.wait(), 10)
    stopped = asyncio.create_task(stopping.stop())
    await asyncio.sleep(0)
    leases.go_on.set()
    await asyncio.wait_for(stopped, 10)
    following = ownership(house, "c")
    await following.start()
    assert following.lease is not None
    await following.stop()


class SlowLeases:
    """Leases of a store that takes its time from the second claim on, and then has carried it out
    whoever waits."""

    def __init__(self, control: ControlStore) -> None:
        self._control = control
        self._claims = 0
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()

    async def acquire_lease(self, name: str, owner: str, seconds: float) -> Lease | None:
        self._claims += 1
        if self._claims == 1:
            return await self._control.acquire_lease(name, owner, seconds)
        carried_out = asyncio.ensure_future(self._control.acquire_lease(name, owner, 30.0))
        self.asked.set()
        await self.go_on.wait()
        return await carried_out

    async def renew_lease(self, lease: Lease, seconds: float) -> Lease | None:
        return await self._control.renew_lease(lease, seconds)

    async def release_lease(self, lease: Lease) -> None:
        await self._control.release_lease(lease)


async def test_a_process_that_was_killed_takes_its_own_back_at_once(house: ShopHouse) -> None:
    killed = ownership(house, "a")
    await killed.hold()
    again = ownership(house, "a")
    await again.start()
    assert again.lease is not None
    assert killed.lease is not None
    assert again.lease.token > killed.lease.token
    await again.stop()


async def test_it_is_not_held_any_more_when_it_could_not_be_renewed(house: ShopHouse) -> None:
    held = ownership(house, "a", seconds=0.03)
    await held.hold()
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
    old.lease = lambda: newer
    other = await old.place(TRANSFER)
    await old.until(other, SagaPhase.WAITING)
    old.lease = lambda: stale
    await old.signal(order, "confirmed")
    async with asyncio.timeout(10):
        while not old.sagas.failures:
            await asyncio.sleep(0.01)
    assert (await old.sagas.show(TENANT, order)).phase is SagaPhase.WAITING
    assert old.world.calls["confirm"] == 0
    await old.stop()
