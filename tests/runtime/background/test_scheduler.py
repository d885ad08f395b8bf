"""Schedules: from time to time, per tenant, one owner, never twice at once."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import structlog
from shop.house import ShopHouse

from colonnade.clock import SystemClock
from colonnade.context import current_context
from colonnade.errors import ConfigurationError
from colonnade.services import Schedule
from colonnade_runtime.background.acting.acting_store import ActingStore
from colonnade_runtime.background.acting.actor import Actor
from colonnade_runtime.background.scheduler import BoundSchedule, Scheduler, bind_schedules
from colonnade_runtime.calls.tenant_states import TenantState


class MovedClock(SystemClock):
    """The machine's clock, moved by hand."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


class Chores:
    """Methods that a schedule may name."""

    def __init__(self) -> None:
        self.tenants: list[str] = []

    async def sweep(self) -> None:
        context = current_context()
        self.tenants.append(f"{context.tenant} {context.principal.id}")

    def not_asynchronous(self) -> None:
        """Cannot be scheduled."""


async def tenants() -> list[str]:
    return ["acme", "globex", "initech"]


def build(
    house: ShopHouse,
    schedules: list[BoundSchedule],
    clock: MovedClock,
    owns: Callable[[], bool] = lambda: True,
) -> Scheduler:
    def state_of(tenant: str) -> TenantState:
        return TenantState.SUSPENDED if tenant == "initech" else TenantState.ACTIVE

    store = ActingStore(Actor("shop", clock), house.store)
    log = structlog.get_logger()
    return Scheduler(schedules, store, tenants, state_of, owns, log, settle=0.01)


async def test_a_schedule_runs_for_every_active_tenant_as_its_service(house: ShopHouse) -> None:
    chores = Chores()
    schedules = bind_schedules([Schedule("sweep", 0.01, "sweep")], [chores])
    scheduler = build(house, schedules, MovedClock())
    await scheduler.start()
    async with asyncio.timeout(10):
        while len(chores.tenants) < 4:
            await asyncio.sleep(0.005)
    await scheduler.stop(5.0)
    assert chores.tenants[:2] == ["acme service:shop", "globex service:shop"]
    assert not any("initech" in entry for entry in chores.tenants)


async def test_a_long_schedule_remembers_across_restarts_when_it_ran(house: ShopHouse) -> None:
    chores, clock = Chores(), MovedClock()
    daily = bind_schedules([Schedule("daily", 86400.0, "sweep")], [chores])
    assert await build(house, daily, clock).run_due("daily") == 2
    assert await build(house, daily, clock).run_due("daily") == 0
    clock.ahead = timedelta(days=1)
    assert await build(house, daily, clock).run_due("daily") == 2


async def test_nothing_runs_in_a_process_that_does_not_own_it(house: ShopHouse) -> None:
    chores = Chores()
    daily = bind_schedules([Schedule("daily", 86400.0, "sweep")], [chores])
    scheduler = build(house, daily, MovedClock(), owns=lambda: False)
    assert await scheduler.run_due("daily") == 0
    assert chores.tenants == []


async def test_a_run_that_fails_for_one_tenant_does_not_stop_the_next(house: ShopHouse) -> None:
    ran: list[str] = []

    async def fail_first(tenant: str) -> None:
        ran.append(tenant)
        if tenant == "acme":
            raise ValueError("no")

    scheduler = build(house, [BoundSchedule("daily", 86400.0, fail_first)], MovedClock())
    assert await scheduler.run_due("daily") == 2
    assert ran == ["acme", "globex"]


async def test_runs_of_one_schedule_never_overlap(house: ShopHouse) -> None:
    running, most, runs = 0, 0, 0

    async def slow(tenant: str) -> None:
        nonlocal running, most, runs
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        runs += 1

    scheduler = build(house, [BoundSchedule("slow", 0.001, slow)], MovedClock())
    await scheduler.start()
    async with asyncio.timeout(10):
        while runs < 4:
            await asyncio.sleep(0.005)
    await scheduler.stop(5.0)
    assert most == 1


async def test_a_stop_waits_for_the_run_under_way_and_begins_no_other(house: ShopHouse) -> None:
    began, release = asyncio.Event(), asyncio.Event()
    ended: list[str] = []

    async def slow(tenant: str) -> None:
        began.set()
        await release.wait()
        ended.append(tenant)

    scheduler = build(house, [BoundSchedule("slow", 0.01, slow)], MovedClock())
    await scheduler.start()
    await asyncio.wait_for(began.wait(), 10)
    stopping = asyncio.create_task(scheduler.stop(5.0))
    await asyncio.sleep(0)
    release.set()
    await asyncio.wait_for(stopping, 10)
    assert ended == ["acme"]


@pytest.mark.parametrize(
    "schedules",
    [
        [Schedule("a", 1.0, "missing")],
        [Schedule("a", 1.0, "not_asynchronous")],
        [Schedule("a", 0.0, "sweep")],
        [Schedule("a", 1.0, "sweep"), Schedule("a", 2.0, "sweep")],
    ],
)
def test_a_schedule_that_cannot_run_is_refused(schedules: list[Schedule]) -> None:
    with pytest.raises(ConfigurationError):
        bind_schedules(schedules, [Chores()])
