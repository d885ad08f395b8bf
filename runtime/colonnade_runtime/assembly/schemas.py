"""Brings academies' stores up to date before anybody uses them, and makes those of new ones."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from colonnade.background_tasks import background_task, cancel_tasks
from colonnade.clock import Clock
from colonnade.context import Context, Principal, use_context
from colonnade.errors import ColonnadeError
from colonnade_runtime.assembly.background import ProcessBackground
from colonnade_runtime.calls.tenant_states import TenantState
from colonnade_runtime.calls.tenants import TenantDirectory

AT_ONCE = 8
"""Stores that are prepared side by side."""

PREPARING_SECONDS = 600.0
"""Seconds for one store; a caller's deadline never cuts off a long migration."""


@runtime_checkable
class PreparedStore(Protocol):
    """A store that can say cheaply which tenants' tables are not as this code wants them."""

    async def outdated(self, tenants: Sequence[str]) -> tuple[list[str], list[str]]:
        """Tenants whose tables must be changed, and those that have none yet."""
        ...

    async def prepare(self) -> None:
        """Make, migrate and provision the tables of the tenant in context."""
        ...


@dataclass
class StoreSchemas:
    """The stores of a process, by service. A failure degrades one academy, as a fault."""

    tenants: TenantDirectory
    background: ProcessBackground
    clock: Clock
    log: Any

    def __post_init__(self) -> None:
        self._stores: dict[str, PreparedStore] = {}
        self.making: asyncio.Task[None] | None = None
        self._again = False

    def add(self, service: str, store: object) -> None:
        """Take in the store of a service; one that cannot say what is outdated is left alone."""
        if isinstance(store, PreparedStore):
            self._stores[service] = store

    async def migrate(self) -> None:
        """Bring every store that is there up to date. Cheap when nothing is to be done."""
        for service, store in self._stores.items():
            outdated, _ = await store.outdated(self.tenants.ids())
            if outdated:
                done = await self._prepared(service, store, outdated)
                await self._name_what_waits(service, done)
                counts = {"done": len(done), "failed": len(outdated) - len(done)}
                self.log.info("stores brought up to date", service=service, **counts)

    def make_new(self) -> None:
        """Begin to make the stores of academies that have none; again when it is being done."""
        self._again = True
        if self.making is None or self.making.done():
            self.making = background_task(self._make(), name="stores of new academies")

    async def stop(self) -> None:
        """Make no more."""
        if self.making is not None:
            await cancel_tasks({self.making})

    async def _make(self) -> None:
        while self._again:
            self._again = False
            for service, store in self._stores.items():
                active = [name for name in self.tenants.ids() if self._is_active(name, service)]
                _, missing = await store.outdated(active)
                await self._prepared(service, store, missing)

    def _is_active(self, tenant: str, service: str) -> bool:
        return self.tenants.standing(tenant, service) is TenantState.ACTIVE

    async def _prepared(
        self, service: str, store: PreparedStore, tenants: Sequence[str]
    ) -> list[str]:
        """Prepare those; the ones for which it worked."""
        turns = asyncio.Semaphore(AT_ONCE)
        found = await _each(tenants, lambda name: self._prepare(service, store, name, turns))
        return [name for name, worked in zip(tenants, found, strict=True) if worked]

    async def _prepare(
        self, service: str, store: PreparedStore, tenant: str, turns: asyncio.Semaphore
    ) -> bool:
        async with turns:
            deadline = self.clock.now().timestamp() + PREPARING_SECONDS
            context = Context(tenant, Principal.service(service), deadline, f"prepare-{tenant}")
            try:
                with use_context(context):
                    await store.prepare()
            except ColonnadeError as error:
                self.log.warning("store not ready", service=service, tenant=tenant, why=str(error))
                return False
        return True

    async def _name_what_waits(self, service: str, tenants: Sequence[str]) -> None:
        """Name those in the work index where something of an earlier release waits."""
        work = self.background.of(service)
        if work is None:
            return
        for tenant in tenants:
            if await work.backlog.waits_for_operator(tenant):
                await work.control.ensure_work(tenant)


async def _each(names: Iterable[str], act: Callable[[str], Any]) -> list[bool]:
    return list(await asyncio.gather(*map(act, names)))
