"""Two services in one process: started, stopped and started again in the promised order."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
from ledger.api import Deposited
from ledger.house import NEED, Ledger
from ledger.models import EntryRow
from sqlalchemy import select

from colonnade.clock import SystemClock
from colonnade.context import use_context
from colonnade.errors import Unavailable
from colonnade.events import reactions_of
from colonnade.store import Session
from colonnade_runtime.adapters.bus.memory import MemoryBus
from colonnade_runtime.adapters.store.sqlite import SqliteStores
from colonnade_runtime.background import (
    HOUSEKEEPING,
    BackgroundSettings,
    BackgroundTasks,
    BackgroundWork,
)
from colonnade_runtime.events.acting import Actor
from colonnade_runtime.events.ports import Standing

TENANT = "acme"


class Process:
    """A teller that publishes and a ledger that reacts."""

    def __init__(self, folder: Path) -> None:
        self.bus = MemoryBus()
        self.stores = SqliteStores(folder, SystemClock(), lambda tenant: True)
        self.ledger = Ledger()
        self.services = {"ledger": self.service("ledger", [self.ledger])}
        self.services["teller"] = self.service("teller", [])

    def service(self, name: str, objects: list[object]) -> BackgroundWork:
        store = self.stores.store(
            name, NEED, on_published=lambda tenant: self.services[name].wake(tenant)
        )
        setattr(self, f"{name}_store", store)
        return BackgroundWork(
            BackgroundTasks(reactions_of(objects)),
            store,
            self.stores.control(name),
            self.bus,
            lambda tenant: Standing.ACTIVE,
            "main",
            Actor(name, SystemClock()),
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
