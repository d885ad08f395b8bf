"""A look inside the services of a bench: contexts, stores, sagas, schedules, dead letters."""

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from colonnade.context import Context, Principal, use_context
from colonnade.errors import ConfigurationError
from colonnade.events import Envelope
from colonnade.faults import Fault
from colonnade.identifiers import new_id
from colonnade.sagas import SagaPhase, SagaView
from colonnade.store import Session
from colonnade.tables import OutboxRow
from colonnade_runtime.background.background_work import BackgroundWork
from colonnade_runtime.background.events.dead_letters import EventDeadLetter
from colonnade_runtime.calls.service_context import RuntimeServiceContext
from colonnade_runtime.testing.bench.argument_checks import check_schedule
from colonnade_runtime.testing.bench.clock import BenchClock
from colonnade_runtime.testing.bench.companions import BenchPlugins
from colonnade_runtime.testing.bench.declared_files import BenchDeclaration
from colonnade_runtime.testing.bench.process import BenchProcess

T = TypeVar("T")

SECONDS = 20.0
"""How long a call may take, and how long a test waits, unless it says otherwise."""


class ServicesUnderTest:
    """The services that a bench runs, and what they keep.

    What takes a `service` is about that of the first plugin unless it is named, what takes a
    `tenant` about the first that is declared.
    """

    def __init__(self, modules: tuple[ModuleType, ...], declaration: BenchDeclaration) -> None:
        self.clock = BenchClock(self._wake)
        self._modules = modules
        self._declaration = declaration
        self._plugins: BenchPlugins
        self._process: BenchProcess | None = None

    @property
    def tenants(self) -> tuple[str, ...]:
        """The declared tenants; what names none is about the first."""
        return tuple(self._declaration.tenants)

    def service_context(self, service: str | None = None) -> RuntimeServiceContext:
        """Context that a service under test was given to work with."""
        return self._running.services.contexts[self._named(service)]

    def objects(self, service: str | None = None) -> Sequence[object]:
        """The handlers and reactions that a service under test made."""
        return self._running.services.objects[self._named(service)]

    def background(self, service: str | None = None) -> BackgroundWork:
        """Background work of a service: relay, delivery, sagas, schedules.

        Raises:
            ConfigurationError: a service without a store has none.
        """
        name = self._named(service)
        work = self._running.background.of(name)
        if work is None:
            raise ConfigurationError(f"The service '{name}' keeps no tables, so it has none.")
        return work

    def context(
        self, principal: Principal, *, tenant: str | None = None, seconds: float = SECONDS
    ) -> Context:
        """A context of a call, for `colonnade.context.use_context`."""
        deadline = self.clock.epoch() + seconds
        return Context(tenant or self.tenants[0], principal, deadline, str(new_id()))

    async def saga(
        self, saga_id: UUID, *, service: str | None = None, tenant: str | None = None
    ) -> SagaView:
        """One saga.

        Raises:
            NotFound: when there is none of this id.
        """
        return await self.background(service).sagas.show(tenant or self.tenants[0], saga_id)

    async def sagas(
        self,
        name: str | None = None,
        *,
        phases: Sequence[SagaPhase] = (),
        service: str | None = None,
        tenant: str | None = None,
    ) -> Sequence[SagaView]:
        """The newest sagas: of one name, or all; in any of `phases`, or all."""
        sagas = self.background(service).sagas
        return await sagas.list(tenant or self.tenants[0], phases=phases, name=name)

    async def run_schedule(
        self, name: str, *, service: str | None = None, tenant: str | None = None
    ) -> None:
        """Run a schedule now, due or not.

        Raises:
            ConfigurationError: when there is no such schedule.
            Exception: whatever it raises.
        """
        scheduler = self.background(service).scheduler
        check_schedule(name, scheduler.names)
        await scheduler.run_now(name, tenant or self.tenants[0])

    async def read(
        self,
        work: Callable[[Session], T],
        *,
        service: str | None = None,
        tenant: str | None = None,
    ) -> T:
        """Read with a unit of work in the store of a service."""
        context = self.service_context(service)
        with use_context(self.context(Principal.service(context.name), tenant=tenant)):
            return await context.store.read(work)

    async def run(
        self,
        work: Callable[[Session], T],
        *,
        service: str | None = None,
        tenant: str | None = None,
    ) -> T:
        """Commit a unit of work to the store of a service, as the service."""
        context = self.service_context(service)
        with use_context(self.context(Principal.service(context.name), tenant=tenant)):
            return await context.store.run(work)

    async def dead_letters(
        self, service: str | None = None, *, tenant: str | None = None
    ) -> Sequence[EventDeadLetter]:
        """The events that reactions of a service gave up."""
        work = self.background(service)
        return await work.delivery.dead_letters(tenant or self.tenants[0])

    def faults(self) -> Sequence[Fault]:
        """The faults that operators see now, the oldest first."""
        return self._running.edge.health.faults.all()

    @property
    def _running(self) -> BenchProcess:
        if self._process is None:
            raise RuntimeError("The bench does not run: use it within `async with`.")
        return self._process

    def _named(self, service: str | None) -> str:
        """The service, or that of the first plugin which has one."""
        hosted = self._plugins.hosted
        if service is None:
            infos = (module.plugin_info() for module in self._modules)
            service = next(info.service for info in infos if info.service is not None)
        if service not in hosted:
            raise ConfigurationError(
                f"'{service}' is not under test; there are {', '.join(hosted)}."
            )
        return service

    async def _outbox(
        self, service: str, models: Mapping[str, type[Any]], tenant: str | None
    ) -> list[tuple[Envelope, Any]]:
        query = (
            select(OutboxRow.envelope)
            .where(OutboxRow.type.in_(models))
            .order_by(OutboxRow.sequence)
        )
        rows = await self.read(
            lambda session: session.scalars(query).all(), service=service, tenant=tenant
        )
        envelopes = [Envelope.decode(row) for row in rows]
        return [(each, models[each.type].decode(bytes(each.data))) for each in envelopes]

    def _wake(self) -> None:
        """The clock was moved: look for what has become due."""
        if self._process is None:
            return
        for work in self._process.background.works().values():
            for tenant in self.tenants:
                work.wake(tenant)
