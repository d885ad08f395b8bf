"""The notification service with its real store, sagas, bus, inbox and channels.

Accounts and courses are what the tests say; that the real services answer the same is proven by
the journeys. The clock is the machine's, set forward by `forward`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import select

from colonnade.clock import SystemClock
from colonnade.context import Context, Principal, PrincipalKind, use_context
from colonnade.errors import NotFound
from colonnade.events import Envelope, Event, event_source, event_type_of, reactions_of
from colonnade.identifiers import new_id
from colonnade.messages import Request
from colonnade.operations import Call, handlers_of, operation_of
from colonnade.policy import Decision
from colonnade.secrets import standard_resolvers
from colonnade.services import TenantInfo
from colonnade.store import Session
from colonnade_course.api import GetCourse
from colonnade_notification import plugin
from colonnade_notification.api import Channel
from colonnade_notification.config import NotificationConfig, TenantNotificationConfig
from colonnade_notification.models import NotificationRow
from colonnade_runtime.adapters.bus.memory import MemoryBus
from colonnade_runtime.adapters.store.sqlite.adapter import SqliteStores
from colonnade_runtime.background.acting.actor import Actor
from colonnade_runtime.background.background_work import (
    BackgroundSettings,
    BackgroundTasks,
    BackgroundWork,
)
from colonnade_runtime.background.sagas.binding import bind_sagas
from colonnade_runtime.background.scheduler import bind_schedules
from colonnade_runtime.calls.tenant_states import TenantState
from colonnade_runtime.observability.faults import FaultRegistry
from colonnade_user.api import GetUser, Role, User, UserRegistered, UserStatus

LIMIT = 20.0
TENANT = TenantInfo(
    "acme",
    "Acme Academy",
    "active",
    "free",
    "EUR",
    "en",
    "Europe/Berlin",
    {},
    "owner@acme.example",
    url="http://acme.localhost:8000",
)
QUICK = {"first": "50ms", "longest": "100ms", "attempts": 4}


class SettableClock(SystemClock):
    """The machine's clock, set forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class HouseContext:
    """As much of a service's context as the notification service uses."""

    name = "notification"
    production = False
    log = structlog.get_logger()
    new_id = staticmethod(new_id)

    def __init__(self, house: "House", config: NotificationConfig) -> None:
        self._house = house
        self.config = config
        self.root = house.folder
        self.clock = house.clock
        self.store = house.store
        self.faults = house.faults.of("notification")

    def tenant(self) -> TenantInfo:
        return self._house.tenant

    def tenant_config(self) -> TenantNotificationConfig:
        return self._house.tenant_config

    def secret(self, reference: Any) -> Any:
        from colonnade.secrets import resolve

        return resolve(reference, standard_resolvers())

    async def in_worker(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.to_thread(function, *arguments)

    async def ask(self, request: Request[Any], *, deadline: float | None = None) -> Any:
        return self._house.answer(request)

    def extensions(self, hook: str) -> Sequence[Any]:
        assert hook == "channels"
        return [plugin.channels(self), self._house.more_channels]  # type: ignore[arg-type]


class House:
    """One process with the notification service in it."""

    def __init__(
        self,
        folder: Path,
        config: dict[str, Any] | None = None,
        *,
        channels: Sequence[Channel] = (),
    ) -> None:
        self.folder = folder
        self.clock = SettableClock()
        self.config = NotificationConfig.model_validate({"retry": QUICK, **(config or {})})
        self.more_channels = list(channels)
        self.tenant = TENANT
        self.faults = FaultRegistry(structlog.get_logger())
        self.tenant_config = TenantNotificationConfig()
        self.people: dict[UUID, User] = {}
        self.courses: dict[UUID, str] = {}
        self.stores = SqliteStores(folder, self.clock, lambda tenant: tenant == "acme")
        self.store = self.stores.store(
            "notification",
            plugin.stores(),
            on_published=lambda tenant: self.work.wake(tenant),
            invalidation=lambda _tenant, _changed: None,
        )
        self.bus = MemoryBus()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["House"]:
        """Start the process; stop it in order after."""
        ctx = HouseContext(self, self.config)
        async with plugin.create_service(ctx) as objects:  # type: ignore[arg-type]
            self._handlers = {
                bound.operation.request: bound.call for one in objects for bound in handlers_of(one)
            }
            await self._start(objects)
            try:
                yield self
            finally:
                await self._stop()

    async def _start(self, objects: Sequence[object]) -> None:
        tasks = BackgroundTasks(
            reactions_of(objects),
            bind_sagas(plugin.sagas(), objects),
            bind_schedules(plugin.schedules(), objects),
        )
        self.work = BackgroundWork(
            tasks,
            self.store,
            self.stores.control("notification"),
            self.bus,
            lambda tenant: TenantState.ACTIVE,
            "test",
            Actor("notification", self.clock),
            structlog.get_logger(),
            BackgroundSettings(sweep_interval=0.1),
        )
        await self.bus.start()
        await self.work.listen()
        await self.work.start()

    async def _stop(self) -> None:
        await self.work.quiesce()
        await self.work.drain(5.0)
        await self.bus.stop(5.0)
        await self.work.release()
        await self.stores.close()

    def answer(self, request: Request[Any]) -> Any:
        """What the other services say."""
        if isinstance(request, GetUser) and request.user_id in self.people:
            return self.people[request.user_id]
        if isinstance(request, GetCourse) and request.course_id in self.courses:
            return _Titled(self.courses[request.course_id])
        raise NotFound()

    def person(self, name: str = "Ada", email: str | None = None, *, verified: bool = True) -> UUID:
        """Somebody with an account, of an address that they have confirmed."""
        now = self.clock.now()
        person = User(
            id=new_id(),
            email=email or f"{name.lower()}@people.example",
            name=name,
            role=Role.LEARNER,
            status=UserStatus.ACTIVE,
            created_at=now,
            updated_at=now,
            version=1,
            email_verified=verified,
        )
        self.people[person.id] = person
        return person.id

    def course(self, title: str = "Python") -> UUID:
        """A course of this title."""
        identifier = new_id()
        self.courses[identifier] = title
        return identifier

    async def publish(
        self, event: Event, event_id: UUID | None = None, *, actor: UUID | None = None
    ) -> None:
        """Bring an event over the bus, of what `actor` did, and wait until it is handled."""
        declared = event_type_of(type(event))
        key = str(getattr(event, declared.key))
        envelope = Envelope(
            id=event_id or new_id(),
            source=event_source("acme", declared.service),
            type=declared.type,
            subject=key,
            time=self.clock.now(),
            tenant="acme",
            actor="" if actor is None else str(actor),
            data=msgspec.Raw(event.encode()),
        )
        async with asyncio.timeout(LIMIT):
            await self.bus.publish(
                declared.type, f"acme/{key}", str(envelope.id), envelope.encode()
            )

    async def welcome(self, person: UUID, event_id: UUID | None = None) -> None:
        """Have somebody registered."""
        await self.publish(
            UserRegistered(user_id=person, name=self.people[person].name, role=Role.LEARNER),
            event_id,
        )

    async def ask(self, person: UUID | None, request: Request[Any]) -> Any:
        """Ask the service, as a person whom the policies let do everything."""
        kind = PrincipalKind.ANONYMOUS if person is None else PrincipalKind.USER
        principal = Principal(kind, str(person))
        deadline = self.clock.now().timestamp() + 60
        context = Context("acme", principal, deadline, "test")
        operation = operation_of(type(request))
        everything = Decision(operation.action, operation.resource, grants=((),))
        call = Call(context, operation, everything, everything)
        with use_context(context):
            return await self._handlers[type(request)](request, call)

    async def rows(self, channel: str | None = None) -> list[NotificationRow]:
        """Every message, oldest first."""
        query = select(NotificationRow).order_by(NotificationRow.created_at, NotificationRow.id)
        if channel is not None:
            query = query.where(NotificationRow.channel == channel)
        return await self.run(lambda session: list(session.scalars(query)))

    async def run(self, work: Callable[[Session], Any]) -> Any:
        """Do something in the store, as the service."""
        with use_context(Actor("notification", self.clock).context("acme", seconds=30)):
            return await self.store.run(work)

    async def becomes(
        self, status: str, channel: str = "email", *, count: int = 1
    ) -> list[NotificationRow]:
        """Wait until so many messages of a channel have a status."""
        try:
            async with asyncio.timeout(LIMIT):
                while True:
                    found = [row for row in await self.rows(channel) if row.status == status]
                    if len(found) >= count:
                        return found
                    await asyncio.sleep(0.01)
        except TimeoutError:
            seen = [(row.kind, row.status, row.problem) for row in await self.rows(channel)]
            raise AssertionError(f"no {status} {channel}, but {seen}") from None

    def forward(self, **by: float) -> None:
        """Set the clock forward, and let the service notice."""
        self.clock.ahead += timedelta(**by)
        self.work.wake("acme")


class _Titled:
    def __init__(self, title: str) -> None:
        self.title = title
