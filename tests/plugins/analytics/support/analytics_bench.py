"""The analytics service with its real store and policies; events are handed to it directly."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import structlog
from sqlalchemy import select

from colonnade.clock import SystemClock
from colonnade.context import Context, Principal, PrincipalKind, current_context, use_context
from colonnade.errors import Forbidden, Unauthenticated
from colonnade.events import Envelope, Event, event_type_of, handling, reactions_of
from colonnade.identifiers import new_id
from colonnade.messages import Request
from colonnade.operations import Call, Operation, handlers_of, operation_of
from colonnade.policy import Decision, Facts, MemoisedPolicy, PolicyQuery
from colonnade.services import TenantInfo
from colonnade.store import Session
from colonnade.tables import OutboxRow
from colonnade_analytics import plugin
from colonnade_analytics.config import AnalyticsConfig, TenantAnalyticsConfig
from colonnade_course.api import GetCourse
from colonnade_runtime.adapters.store.sqlite.adapter import SqliteStores

T = TypeVar("T")

TENANT = TenantInfo("acme", "Acme Academy", "active", "free", "EUR", "en", "UTC")
TENANT_FACTS = Facts({"id": "acme", "plan": "free", "status": "active"})


class SetClock(SystemClock):
    """A clock that stands where it was set."""

    def __init__(self) -> None:
        self.moment: datetime | None = None

    def now(self) -> datetime:
        return self.moment or super().now()


def every_course_exists(request: GetCourse) -> None:
    """What the course service says where a test does not care; nobody looks at the course."""


@dataclass
class BenchContext:
    """As much of a service's context as the analytics service uses."""

    store: Any
    name: str = "analytics"
    clock: SetClock = field(default_factory=SetClock)
    info: TenantInfo = TENANT
    settings: TenantAnalyticsConfig = field(default_factory=TenantAnalyticsConfig)
    config: AnalyticsConfig = field(default_factory=AnalyticsConfig)
    log: Any = field(default_factory=structlog.get_logger)
    answers: dict[type[Any], Callable[[Any], Any]] = field(
        default_factory=lambda: {GetCourse: every_course_exists}
    )
    kinds: list[Any] = field(default_factory=list)

    def tenant(self) -> TenantInfo:
        return self.info

    def tenant_config(self) -> TenantAnalyticsConfig:
        return self.settings

    def as_service(self) -> Any:
        return use_context(current_context().acting_as(Principal.service(self.name)))

    async def in_worker(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.to_thread(function, *arguments)

    async def ask(self, request: Any, *, deadline: float | None = None) -> Any:
        return self.answers[type(request)](request)

    def extensions(self, hook: str, **arguments: Any) -> Sequence[Any]:
        return [getattr(plugin, hook)(**arguments), self.kinds]

    new_id = staticmethod(new_id)


class Bench:
    """Decides and calls as the dispatcher does, and reacts as delivery does."""

    def __init__(self, folder: Path, policy: MemoisedPolicy | None = None) -> None:
        self._store_clock = SetClock()
        self.stores = SqliteStores(folder, self._store_clock, lambda tenant: True)
        self.store = self.stores.store("analytics", plugin.stores())
        self.ctx = BenchContext(self.store)
        self.tenant_id = "acme"
        self._policy = policy
        self._service: Any = None

    async def start(self) -> None:
        self._service = plugin.create_service(self.ctx)  # type: ignore[arg-type]
        self.objects = await self._service.__aenter__()
        self.reactions = {bound.event_type.model: bound for bound in reactions_of(self.objects)}
        self._handlers = {
            bound.operation.request: bound.call
            for item in self.objects
            for bound in handlers_of(item)
        }

    async def stop(self) -> None:
        await self._service.__aexit__(None, None, None)
        await self.stores.close()

    def set_store_clock(self, moment: datetime) -> None:
        """What time transactions take it to be."""
        self._store_clock.moment = moment

    def acting(self) -> Any:
        """For the block, as the service acts on its own."""
        return use_context(self._context(Principal.service("analytics")))

    def set_tenant(self, **changes: Any) -> None:
        self.ctx.info = replace(self.ctx.info, **changes)

    async def deliver(
        self, event: Event, at: datetime | None = None, event_id: UUID | None = None
    ) -> None:
        """Bring an event to its reaction and wait until it has taken effect."""
        bound = self.reactions[type(event)]
        envelope = _envelope(
            bound.event_type.type, event_id or new_id(), at or datetime.now(UTC), event
        )
        with use_context(self._context(Principal.service("analytics"))), handling(envelope):
            if not bound.is_asynchronous:
                await self.store.run(lambda session: bound.call(session, event))
                return
            pending = bound.call(event)
            assert pending is not None
            work = await pending
            if work is not None:
                await self.store.run(work)

    async def consume_all(self, events: Sequence[tuple[UUID, datetime, Event]]) -> None:
        """Bring many events to their reactions, as they come, in one transaction."""

        def work(session: Session) -> None:
            for event_id, at, event in events:
                bound = self.reactions[type(event)]
                with handling(_envelope(bound.event_type.type, event_id, at, event)):
                    bound.call(session, event)

        await self.run(work)

    async def work_off(self, limit: int = 1000) -> None:
        """Deliver what the service published to itself, until nothing is left."""
        done = 0
        while True:
            fresh = (await self.published())[done:]
            if not fresh:
                return
            for event in fresh:
                done += 1
                assert done < limit
                if type(event) in self.reactions:
                    await self.deliver(event)

    async def published(self) -> list[Event]:
        models = {event_type_of(model).type: model for model in plugin.events()}
        written = await self.read(
            lambda session: session.scalars(
                select(OutboxRow.envelope).order_by(OutboxRow.sequence)
            ).all()
        )
        envelopes = [Envelope.decode(data) for data in written]
        return [models[item.type].decode(bytes(item.data)) for item in envelopes]

    async def read(self, work: Callable[[Session], T]) -> T:
        with use_context(self._context(Principal.service("analytics"))):
            return await self.store.read(work)

    async def run(self, work: Callable[[Session], T]) -> T:
        with use_context(self._context(Principal.service("analytics"))):
            return await self.store.run(work)

    async def ask(self, principal: Principal, request: Request[Any]) -> Any:
        operation = operation_of(type(request))
        decision = await self._decide(operation, operation.action, principal)
        visibility = await self._decide(operation, f"{operation.resource}.read", principal)
        if decision.refused:
            anonymous = principal.kind is PrincipalKind.ANONYMOUS
            raise Unauthenticated() if anonymous else Forbidden()
        context = self._context(principal)
        call = Call(context, operation, decision, visibility)
        with use_context(context):
            answer = await self._handlers[type(request)](request, call)
        assert call.applied or decision.unconditional
        return answer

    def _context(self, principal: Principal) -> Context:
        # The store goes by its own clock, which a test may have set forward.
        now = max(time.time(), self._store_clock.now().timestamp())
        return Context(self.tenant_id, principal, now + 60, "test")

    async def _decide(self, operation: Operation, action: str, principal: Principal) -> Decision:
        assert self._policy is not None
        facts = Facts(
            {
                "id": principal.id,
                "kind": str(principal.kind),
                "roles": list(principal.roles),
                "attributes": {},
                "on_behalf_of": None,
            }
        )
        query = PolicyQuery(action, operation.resource, facts, TENANT_FACTS)
        return await self._policy.decide(query)


def person(role: str, user_id: UUID | None = None) -> Principal:
    """Somebody with a role."""
    return Principal(PrincipalKind.USER, str(user_id or new_id()), (role,))


def _envelope(kind: str, event_id: UUID, at: datetime, event: Event) -> Envelope:
    return Envelope(
        id=event_id,
        source="/test",
        type=kind,
        subject="",
        time=at,
        tenant="acme",
        data=msgspec.Raw(event.encode()),
    )
