"""Two processes that host one service: background work has one owner, nothing is doubled."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest
import structlog
from ledger.api import Deposited
from ledger.house import NEED

from colonnade.bus import Consumer
from colonnade.clock import SystemClock
from colonnade.context import use_context
from colonnade.control_store import Lease, fence
from colonnade.events import Envelope, event_type_of
from colonnade_runtime.adapters.bus.memory import MemoryBus
from colonnade_runtime.adapters.store.sqlite import SqliteStores
from colonnade_runtime.background.acting.acting_store import ActingStore
from colonnade_runtime.background.acting.actor import Actor
from colonnade_runtime.background.background_work import (
    BackgroundSettings,
    BackgroundTasks,
    BackgroundWork,
)
from colonnade_runtime.background.events.relay import Relay
from colonnade_runtime.background.scheduler import BoundSchedule
from colonnade_runtime.calls.tenant_states import TenantState

TENANT = "acme"
LOG = structlog.get_logger()


class Arrivals:
    """A bus, and what arrived over it."""

    def __init__(self) -> None:
        self.bus = MemoryBus()
        self.numbers: list[int] = []

    async def start(self) -> None:
        await self.bus.start()
        await self.bus.consume(Consumer("test:all", event_type_of(Deposited).type, self._take))

    async def _take(self, envelope: bytes) -> None:
        data = msgspec.json.decode(Envelope.decode(envelope).data)
        self.numbers.append(data["number"])


class Replica:
    """One process with a teller that publishes and has a schedule."""

    def __init__(self, name: str, folder: Path, bus: MemoryBus) -> None:
        self.runs = 0
        self.stores = SqliteStores(folder, SystemClock(), lambda tenant: True, shared=True)
        self.store = self.stores.store(
            "teller", NEED, on_published=lambda tenant, left: self.work.wake(tenant, left)
        )
        self.work = BackgroundWork(
            BackgroundTasks(schedules=[BoundSchedule("often", 0.05, self._run)]),
            self.store,
            self.stores.control("teller"),
            bus,
            lambda tenant: TenantState.ACTIVE,
            name,
            Actor("teller"),
            LOG,
            # So long that whatever is done soon is not done by the sweep.
            BackgroundSettings(sweep_interval=600.0),
            changed=partial(self.store.changed_elsewhere, use="background"),
        )

    @property
    def owns(self) -> bool:
        return self.work.ownership.lease is not None

    async def _run(self, tenant: str) -> None:
        self.runs += 1

    async def stop(self) -> None:
        await self.work.quiesce()
        await self.work.drain(5.0)
        await self.work.release()
        await self.stores.close()

    async def deposit(self, number: int) -> None:
        event = Deposited(account="a", amount=1, number=number)
        with use_context(Actor("teller").context(TENANT, seconds=10)):
            await self.store.run(lambda session: session.publish(event))


@pytest.fixture
async def arrivals() -> AsyncIterator[Arrivals]:
    found = Arrivals()
    await found.start()
    yield found
    await found.bus.stop(5.0)


@pytest.fixture
async def replicas(tmp_path: Path, arrivals: Arrivals) -> AsyncIterator[list[Replica]]:
    found = [Replica(name, tmp_path, arrivals.bus) for name in ("teller", "teller-2")]
    for each in found:
        await each.work.start()
    yield found
    for each in found:
        await each.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.005)


async def test_each_event_is_sent_once_whoever_committed_it(
    replicas: list[Replica], arrivals: Arrivals
) -> None:
    numbers = list(range(20))
    for number in numbers:
        await replicas[number % 2].deposit(number)
    await until(lambda: len(arrivals.numbers) >= len(numbers))
    assert arrivals.numbers == numbers
    # An event may be handled before the one who sent it has counted it.
    await until(lambda: sum(each.work.relay.published for each in replicas) >= len(numbers))
    assert [each.work.relay.published for each in replicas] == [len(numbers), 0]


async def test_only_the_owner_runs_schedules(replicas: list[Replica]) -> None:
    await replicas[1].deposit(1)
    assert [each.owns for each in replicas] == [True, False]
    for each in replicas:
        await each.work.scheduler.run_due("often")
    assert [each.runs > 0 for each in replicas] == [True, False]


async def test_another_takes_over_what_the_owner_gives_back(
    replicas: list[Replica], arrivals: Arrivals
) -> None:
    first, second = replicas
    await first.work.quiesce()
    await first.work.drain(5.0)
    await second.deposit(1)
    assert arrivals.numbers == []
    await first.work.release()
    await until(lambda: arrivals.numbers == [1])
    assert second.owns


class TestALostLease:
    """A process that was overtaken neither sends nor marks."""

    @pytest.fixture
    async def replica(self, tmp_path: Path, arrivals: Arrivals) -> AsyncIterator[Replica]:
        found = Replica("teller", tmp_path, arrivals.bus)
        yield found
        await found.stores.close()

    def relay(
        self, replica: Replica, arrivals: Arrivals, lease: Callable[[], Lease | None]
    ) -> Relay:
        return Relay(
            ActingStore(Actor("teller"), replica.store), arrivals.bus, LOG,
            aggregates={event_type_of(Deposited).type: "account"}, lease=lease,
        )  # fmt: skip

    async def ended(self, relay: Relay) -> None:
        await until(lambda: not relay.tasks)

    async def test_without_a_lease_nothing_is_sent(
        self, replica: Replica, arrivals: Arrivals
    ) -> None:
        await replica.deposit(1)
        relay = self.relay(replica, arrivals, lambda: None)
        relay.wake(TENANT)
        await self.ended(relay)
        assert arrivals.numbers == []

    async def test_an_older_lease_marks_nothing(self, replica: Replica, arrivals: Arrivals) -> None:
        await replica.deposit(1)
        await self.in_store(replica, lambda s: fence(s, lease(token=2)))
        relay = self.relay(replica, arrivals, lambda: lease(token=1))
        relay.wake(TENANT)
        await self.ended(relay)
        assert (await relay.status(TENANT)).pending == 1

    async def test_the_newest_lease_marks(self, replica: Replica, arrivals: Arrivals) -> None:
        await replica.deposit(1)
        await self.in_store(replica, lambda s: fence(s, lease(token=2)))
        relay = self.relay(replica, arrivals, lambda: lease(token=3))
        relay.wake(TENANT)
        await self.ended(relay)
        assert (await relay.status(TENANT)).pending == 0

    async def in_store(self, replica: Replica, work: Callable[..., None]) -> None:
        with use_context(Actor("teller").context(TENANT, seconds=10)):
            await replica.store.run(work)


def lease(token: int) -> Lease:
    return Lease("background", "teller", token, datetime.now(UTC) + timedelta(seconds=30))
