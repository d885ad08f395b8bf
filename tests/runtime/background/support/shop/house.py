"""The shop put together as the runtime would."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from colonnade.clock import SystemClock
from colonnade.context import use_context
from colonnade.control_store import Lease
from colonnade.identifiers import new_id
from colonnade.sagas import Saga, SagaPhase, SagaView, signal_saga
from colonnade.services import StoreNeed
from colonnade.store import Session
from colonnade_runtime.adapters.store.sqlite import SqliteStores
from colonnade_runtime.background.acting.acting_store import ActingStore
from colonnade_runtime.background.acting.actor import Actor
from colonnade_runtime.background.acting.ownership import Ownership
from colonnade_runtime.background.events.sweeper import Sweeper
from colonnade_runtime.background.sagas.binding import bind_sagas
from colonnade_runtime.background.sagas.orchestrator import SagaOrchestrator
from colonnade_runtime.calls.tenant_states import TenantState
from shop.models import OrderRow
from shop.service import PURCHASE, SAGAS, Shop, place
from shop.world import World

NEED = StoreNeed(migrations="shop.migrations", models="shop.models")
LIMIT = 20.0
TENANT = "acme"


class ShopHouse:
    """One service with sagas that runs on real files."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        clock = SystemClock()
        log = structlog.get_logger()
        self.actor = Actor("shop", clock)
        self.world = World(folder / "world.jsonl")
        self.shop = Shop(self.world)
        self.stores = SqliteStores(folder, clock, lambda tenant: True)
        self.store = self.stores.store(
            "shop", NEED, on_published=lambda tenant, left: self.sweeper.wake(tenant, left)
        )
        control = self.stores.control("shop")
        self.control = control
        self.states: dict[str, TenantState] = {}
        self.lease: Callable[[], Lease | None] = lambda: self.ownership.lease
        self.ownership = Ownership(control, "background", "test", clock, log)
        self.sagas = SagaOrchestrator(
            bind_sagas(SAGAS, [self.shop]),
            ActingStore(self.actor, self.store),
            lambda tenant: self.states.get(tenant, TenantState.ACTIVE),
            lambda: self.lease(),
            log,
        )
        self.sweeper = Sweeper(
            "shop",
            control,
            [self.sagas],
            lambda tenant: True,
            lambda: self.ownership.lease is not None,
            clock,
            log,
            interval=0.05,
            quiet=0.1,
        )

    async def start(self) -> None:
        await self.ownership.start()
        await self.sweeper.start()

    async def stop(self, deadline: float = 5.0) -> None:
        await self.sweeper.stop()
        await self.sagas.stop(deadline)
        await self.ownership.stop()
        await self.stores.close()

    async def crash(self) -> None:
        """End without any farewell: what runs is cut off where it stands."""
        await self.sweeper.stop()
        await self.sagas.stop(0.0)
        await self.stores.close()

    async def place(self, saga: Saga = PURCHASE, order_id: UUID | None = None) -> UUID:
        return await self.run(place(order_id or new_id(), saga))

    async def signal(self, saga_id: UUID, name: str, data: dict[str, Any] | None = None) -> bool:
        return await self.run(lambda session: signal_saga(session, saga_id, name, data))

    async def run(self, work: Callable[[Session], Any]) -> Any:
        with use_context(self.actor.context(TENANT, seconds=10)):
            return await self.store.run(work)

    async def order(self, order_id: UUID) -> tuple[str, int]:
        def work(session: Session) -> tuple[str, int]:
            row = session.get(OrderRow, order_id)
            assert row is not None
            return row.status, row.notes

        with use_context(self.actor.context(TENANT, seconds=10)):
            return await self.store.read(work)

    async def until(self, saga_id: UUID, *phases: SagaPhase) -> SagaView:
        """Wait, with a bound, until a saga is in one of `phases`."""
        try:
            async with asyncio.timeout(LIMIT):
                while True:
                    view = await self.sagas.show(TENANT, saga_id)
                    if view.phase in phases:
                        return view
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"still {view}") from None

    async def until_ended(self, saga_id: UUID) -> SagaView:
        return await self.until(saga_id, *(phase for phase in SagaPhase if phase.has_ended))
