"""The ledger put together as the runtime would: store, bus, relay, delivery, sweeper."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import select

from colonnade.backoff import Backoff
from colonnade.bus import Bus
from colonnade.clock import Clock, SystemClock
from colonnade.context import use_context
from colonnade.events import reactions_of, reacts_to
from colonnade.services import StoreNeed
from colonnade.store import Session
from colonnade_runtime.adapters.bus.memory import MemoryBus
from colonnade_runtime.adapters.store.sqlite import SqliteStores
from colonnade_runtime.background.acting.acting_store import ActingStore
from colonnade_runtime.background.acting.actor import Actor
from colonnade_runtime.background.events.event_delivery import EventDelivery
from colonnade_runtime.background.events.event_handler import DeliverySettings
from colonnade_runtime.background.events.outbox_pump import RelaySettings
from colonnade_runtime.background.events.relay import Relay
from colonnade_runtime.background.events.sweeper import Sweeper
from colonnade_runtime.calls.tenant_states import TenantState
from ledger.api import Deposited
from ledger.models import EntryRow

NEED = StoreNeed(migrations="ledger.migrations", models="ledger.models")
QUICK = Backoff(first=0.005, cap=0.02)
LIMIT = 15.0


class Ledger:
    """Two reactions to a deposit: one in the transaction, one that acts outside first."""

    def __init__(self) -> None:
        self.outside: list[int] = []
        self.before: Callable[[Deposited], Awaitable[None]] | None = None
        self.fail: Callable[[Deposited], None] = lambda event: None

    @reacts_to(Deposited)
    def book(self, session: Session, event: Deposited) -> None:
        """Book within the inbox transaction."""
        self.fail(event)
        session.add(_entry(event, "book"))

    @reacts_to(Deposited)
    async def confirm(self, event: Deposited) -> Any:
        """Confirm outside, then book."""
        if self.before is not None:
            await self.before(event)
        self.outside.append(event.number)
        return lambda session: session.add(_entry(event, "confirm"))


class House:
    """One service that runs, on real files."""

    def __init__(
        self,
        folder: Path,
        objects: Sequence[object],
        *,
        clock: Clock | None = None,
        delivery: DeliverySettings | None = None,
        relay: RelaySettings | None = None,
        bus: Bus | None = None,
    ) -> None:
        clock = clock or SystemClock()
        log = structlog.get_logger()
        self.actor = Actor("ledger", clock)
        self.states: dict[str, TenantState] = {}
        self.stores = SqliteStores(folder, clock, lambda tenant: True)
        self.bus: Bus = bus or MemoryBus()
        self.store = self.stores.store(
            "ledger", NEED, on_published=lambda tenant, left: self.sweeper.wake(tenant, left)
        )
        self.control = self.stores.control("ledger")
        self.relay = Relay(
            ActingStore(self.actor, self.store), self.bus, log,
            relay or RelaySettings(linger=0.02, backoff=QUICK),
        )  # fmt: skip
        self.delivery = EventDelivery(
            reactions_of(objects),
            self.store,
            self.control,
            lambda tenant: self.states.get(tenant, TenantState.ACTIVE),
            self.actor,
            log,
            delivery or DeliverySettings(attempts=3, backoff=QUICK),
        )
        self.sweeper = Sweeper(
            "ledger", self.control, [self.relay], lambda tenant: True, lambda: True, clock, log,
            interval=0.05, quiet=0.1,
        )  # fmt: skip

    async def start(self) -> None:
        await self.bus.start()
        await self.delivery.start(self.bus)
        await self.sweeper.start()

    async def stop(self) -> None:
        await self.sweeper.stop()
        self.delivery.stop()
        await self.relay.stop(5.0)
        await self.bus.stop(5.0)
        await self.stores.close()

    async def deposit(self, tenant: str, *events: Deposited) -> None:
        def work(session: Session) -> None:
            for item in events:
                session.publish(item)

        with use_context(self.actor.context(tenant, seconds=10)):
            await self.store.run(work)

    async def read(self, tenant: str, work: Callable[[Session], Any]) -> Any:
        with use_context(self.actor.context(tenant, seconds=10)):
            return await self.store.read(work)

    async def entries(self, tenant: str, by: str = "book") -> list[int]:
        query = select(EntryRow.number).where(EntryRow.by == by).order_by(EntryRow.id)
        return list(await self.read(tenant, lambda session: list(session.scalars(query))))

    async def until(self, condition: Callable[[], Awaitable[bool]]) -> None:
        """Wait for a condition, with a bound."""
        async with asyncio.timeout(LIMIT):
            while not await condition():
                await asyncio.sleep(0.005)

    async def until_sent(self, tenant: str) -> None:
        async def sent() -> bool:
            return (await self.relay.status(tenant)).pending == 0

        await self.until(sent)


def _entry(event: Deposited, by: str) -> EntryRow:
    return EntryRow(account=event.account, amount=event.amount, number=event.number, by=by)
