"""Two services in one process: started, stopped and started again in the promised order."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from ledger.api import Deposited
from ledger.house import NEED, Ledger
from ledger.models import EntryRow
from sqlalchemy import select

from colonnade.clock import Clock, SystemClock
from colonnade.context import use_context
from colonnade.errors import Unavailable
from colonnade.events import reactions_of
from colonnade.idempotency import IdempotencyRow
from colonnade.identifiers import new_id
from colonnade.store import Session
from colonnade_runtime.adapters.bus.memory import MemoryBus
from colonnade_runtime.adapters.store.sqlite import SqliteStores
from colonnade_runtime.background.acting.actor import Actor
from colonnade_runtime.background.background_work import (
    HOUSEKEEPING,
    BackgroundSettings,
    BackgroundTasks,
    BackgroundWork,
)
from colonnade_runtime.background.events import dead_letters
from colonnade_runtime.calls.tenant_states import TenantState

TENANT = "acme"


class Process:
    """A teller that publishes and a ledger that reacts."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self.bus = MemoryBus()
        self.clock = clock or SystemClock()
        self.stores = SqliteStores(folder, self.clock, lambda tenant: True)
        self.ledger = Ledger()
        self.services = {"ledger": self.service("ledger", [self.ledger])}
        self.services["teller"] = self.service("teller", [])

    def service(self, name: str, objects: list[object]) -> BackgroundWork:
        store = self.stores.store(
            name, NEED, on_published=lambda tenant, left: self.services[name].wake(tenant, left)
        )
        setattr(self, f"{name}_store", store)
        return BackgroundWork(
            BackgroundTasks(reactions_of(objects)),
            store,
            self.stores.control(name),
            self.bus,
            lambda tenant: TenantState.ACTIVE,
            "main",
            Actor(name, self.clock),
            structlog.get_logger(),
            BackgroundSettings(sweep_interval=0.1),
        )

    async def start(self) -> None:
        await self.bus.start()
        for service in self.services.values():
            await service.listen()
        for service in reversed(self.services.values()):
            await service.start()

    async def stop(self) -> None:
        for service in self.services.values():
            await service.quiesce()
        for service in self.services.values():
            await service.drain(5.0)
        await self.bus.stop(5.0)
        for service in self.services.values():
            await service.release()
        await self.stores.close()

    async def deposit(self, number: int) -> None:
        event = Deposited(account="a", amount=1, number=number)
        await self.run("teller", lambda session: session.publish(event))

    async def run(self, name: str, work: Callable[[Session], Any]) -> Any:
        with use_context(Actor(name).context(TENANT, seconds=10)):
            return await getattr(self, f"{name}_store").run(work)

    async def booked(self) -> list[int]:
        query = select(EntryRow.number).where(EntryRow.by == "book").order_by(EntryRow.id)
        return list(await self.run("ledger", lambda session: list(session.scalars(query))))

    async def until_booked(self, *numbers: int) -> None:
        async with asyncio.timeout(15):
            while await self.booked() != list(numbers):
                await asyncio.sleep(0.01)


async def test_an_event_reaches_another_service(tmp_path: Path) -> None:
    process = Process(tmp_path)
    await process.start()
    await process.deposit(1)
    await process.until_booked(1)
    await process.stop()


async def test_what_was_written_before_the_start_is_not_lost(tmp_path: Path) -> None:
    process = Process(tmp_path)
    await process.deposit(1)
    await process.start()
    await process.until_booked(1)
    await process.stop()


async def test_an_event_that_cannot_be_handled_at_a_stop_is_handled_after_it(
    tmp_path: Path,
) -> None:
    first = Process(tmp_path)
    tried = asyncio.Event()

    def refuse(event: Deposited) -> None:
        raise Unavailable("Not now.")

    async def note(event: Deposited) -> None:
        tried.set()

    first.ledger.fail = refuse
    first.ledger.before = note
    await first.start()
    await first.deposit(1)
    await asyncio.wait_for(tried.wait(), 10)
    await asyncio.wait_for(first.stop(), 15)
    second = Process(tmp_path)
    await second.start()
    await second.until_booked(1)
    assert await second.services["ledger"].delivery.dead_letters(TENANT) == []
    await second.stop()


async def test_housekeeping_runs_for_every_provisioned_tenant(tmp_path: Path) -> None:
    process = Process(tmp_path)
    await process.start()
    await process.deposit(1)
    assert await process.services["teller"].scheduler.run_due(HOUSEKEEPING) == 1
    assert await process.services["teller"].scheduler.run_due(HOUSEKEEPING) == 0
    await process.stop()


async def test_housekeeping_forgets_idempotency_keys_after_their_time(tmp_path: Path) -> None:
    clock = MovedClock()
    process = Process(tmp_path, clock)
    for day in range(40):
        await process.run("teller", partial(use_keys, day=day))
        clock.moment += timedelta(days=1)
    await process.run("teller", partial(use_keys, day=40))
    with use_context(Actor("teller").context(TENANT, seconds=10)):
        await process.services["teller"].tidy(TENANT)
    left = await process.run("teller", lambda session: list(session.scalars(USED)))
    days = {int(key.partition("-")[0]) for key in left}
    assert days == set(range(10, 41)), "none that is younger than 30 days is gone"
    assert len(left) == len(days) * KEYS
    await process.stores.close()


KEYS = 60
USED = select(IdempotencyRow.key)


def use_keys(session: Session, *, day: int) -> None:
    """Some keys that one person uses on a day."""
    for number in range(KEYS):
        row = {"principal": "ada", "operation": "teller.Pay", "key": f"{day}-{number}"}
        session.add(IdempotencyRow(**row, digest=b"", answer=b"{}", created_at=session.now))


class MovedClock(SystemClock):
    """A clock that stands where it was set."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


class TestLettersOfAnEarlierProcess:
    """Work that waits for an operator counts whatever process comes after, and never goes quiet."""

    async def test_they_count_after_a_restart_and_in_every_academy(self, tmp_path: Path) -> None:
        tenants = [f"academy-{number}" for number in range(230)]
        first = Process(tmp_path)
        await first.start()
        for tenant in tenants:
            context = Actor("ledger", SystemClock()).context(tenant, seconds=60)
            with use_context(context):
                await first.ledger_store.run(given_up())
        await first.stop()

        second = Process(tmp_path)
        await second.start()
        try:
            backlog = second.services["ledger"].backlog
            async with asyncio.timeout(60):
                while backlog.last.dead_letters < len(tenants):
                    backlog.looked = float("-inf")
                    await backlog.look()
            assert backlog.last.dead_letters == len(tenants)
        finally:
            await second.stop()

    async def test_an_academy_is_forgotten_only_when_its_letter_is_gone(
        self, tmp_path: Path
    ) -> None:
        process = Process(tmp_path)
        await process.start()
        try:
            work = process.services["ledger"]
            work.sweeper.quiet = 0.0
            write = given_up()
            await process.run("ledger", write)
            for _ in range(3):
                await work.sweeper.sweep()
            assert await work.control.tenants_with_work() == [TENANT]
            [letter] = await work.delivery.dead_letters(TENANT, replayed=False, limit=10)
            await work.delivery.discard(TENANT, letter.id)
            async with asyncio.timeout(20):
                while await work.control.tenants_with_work():
                    await work.sweeper.sweep()
        finally:
            await process.stop()


def given_up() -> Callable[[Session], None]:
    """Dead letter that a consumer writes when it gives an event up."""
    return dead_letters.write(
        dead_letters.UnhandledEvent(
            new_id(), "ledger.count", new_id(), "teller.deposited", b"{}", "No.", 3
        )
    )
