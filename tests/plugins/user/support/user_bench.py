"""The user service with its real store, policies, routes and authenticator; only the edge is short.

A request is handled as at the gateway: the tenant from `X-Tenant`, the principal from the token,
verified at most once a second and forgotten at once when the service says so.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from litestar import Response
from litestar.types import ASGIApp, Receive, Scope, Send
from sqlalchemy import select
from user_academy import OWNER_PASSWORD

from colonnade.clock import SystemClock
from colonnade.context import Context, Principal, PrincipalKind, current_context, use_context
from colonnade.errors import ColonnadeError, Forbidden, Unauthenticated
from colonnade.events import Envelope, Event, event_type_of, reactions_of
from colonnade.http import EDGE, AnyRequest
from colonnade.identifiers import new_id
from colonnade.messages import Request
from colonnade.operations import Call, Operation, handlers_of, operation_of
from colonnade.policy import Decision, Facts, MemoisedPolicy, PolicyQuery
from colonnade.services import TenantInfo
from colonnade.store import Session, SqlStore
from colonnade.tables import OutboxRow
from colonnade_user import plugin
from colonnade_user.api import EVENTS
from colonnade_user.authentication.authenticator import BearerAuthenticator
from colonnade_user.config import TenantUserConfig, UserConfig
from tests.plugins.mounted_routes import mounted

TENANTS = ("acme", "globex", "cloister")
CLOSED = "cloister"
"""The academy that lets nobody register themself."""

VERIFIED_FOR = 1.0
"""Seconds for which the edge keeps a verified token."""

EVENT_MODELS = {event_type_of(model).type: model for model in EVENTS}
T = TypeVar("T")


class BenchClock(SystemClock):
    """The machine's clock, which a test sets forward and back."""

    offset = timedelta()

    def now(self) -> datetime:
        return super().now() + self.offset

    def forward(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self.offset += timedelta(seconds=seconds)


class BenchContext:
    """What a service is given, as much of it as the user service uses."""

    name = "user"
    config: UserConfig
    production = False
    clock: BenchClock
    new_id = staticmethod(new_id)
    log = structlog.get_logger("user")
    store: SqlStore

    def __init__(self) -> None:
        self.clock = BenchClock()
        self.bench: Bench | None = None
        self.config = UserConfig()

    def tenant(self) -> TenantInfo:
        tenant = current_context().tenant
        return TenantInfo(
            id=tenant,
            name=tenant.title(),
            status="active",
            plan="free",
            currency="EUR",
            locale="en",
            timezone="UTC",
            owner_email=f"Owner@{tenant}.example",
        )

    def tenant_config(self) -> TenantUserConfig:
        closed = current_context().tenant == CLOSED
        return TenantUserConfig(registration="closed" if closed else "open")

    async def owner_password(self) -> str:
        return OWNER_PASSWORD

    async def in_worker(self, function: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.to_thread(function, *arguments)

    async def ask(self, request: Request[Any], *, deadline: float | None = None) -> Any:
        assert self.bench is not None
        return await self.bench.ask(request)

    @contextmanager
    def as_service(self) -> Iterator[Context]:
        with use_context(current_context().acting_as(Principal.service(self.name))) as acting:
            yield acting

    async def published(self) -> None:
        """Nobody else has to know."""

    def invalidate_principal(self, principal_id: str) -> None:
        assert self.bench is not None
        self.bench.forget(current_context().tenant, principal_id)


class Bench:
    """Verifies, decides and calls as the gateway and the dispatcher do."""

    def __init__(
        self, context: BenchContext, policy: MemoisedPolicy, objects: Sequence[object]
    ) -> None:
        self.context = context
        self._store = context.store
        self._policy = policy
        self._authenticate = BearerAuthenticator(context)  # type: ignore[arg-type]
        self._handlers = {
            bound.operation.request: bound.call for item in objects for bound in handlers_of(item)
        }
        self._reactions = {item.event_type.type: item for item in reactions_of(objects)}
        self._verified: dict[tuple[str, str], tuple[Principal, float]] = {}
        context.bench = self

    async def ask(
        self, request: Request[Any], expected_versions: frozenset[int] | None = None
    ) -> Any:
        """Do the operation in the current context; the request travels as bytes."""
        operation = operation_of(type(request))
        context = current_context()
        decision = await self._decide(operation, operation.action, context)
        visibility = await self._decide(operation, f"{operation.resource}.read", context)
        if decision.refused:
            anonymous = context.principal.kind is PrincipalKind.ANONYMOUS
            raise (
                Unauthenticated(headers={"WWW-Authenticate": "Bearer"}) if anonymous else Forbidden
            )
        call = Call(context, operation, decision, visibility, expected_versions)
        received = type(request).decode(request.encode())
        answer = await self._handlers[type(request)](received, call)
        assert call.applied or decision.unconditional
        return answer

    def use(self, request: type[Request[Any]], handler: Any) -> None:
        """Let another process's handler do an operation."""
        self._handlers[request] = handler

    def forget(self, tenant: str, principal_id: str) -> None:
        """Verify the tokens of this principal anew."""
        self._verified = {
            key: kept
            for key, kept in self._verified.items()
            if not (key[0] == tenant and kept[0].id == principal_id)
        }

    async def published(self, tenant: str) -> list[Event]:
        """Every event in the outbox, oldest first."""
        with use_context(_context(tenant, Principal.service("user"))):
            written = await self._store.read(
                lambda session: session.scalars(
                    select(OutboxRow.envelope).order_by(OutboxRow.sequence)
                ).all()
            )
        envelopes = [Envelope.decode(data) for data in written]
        return [EVENT_MODELS[item.type].decode(bytes(item.data)) for item in envelopes]

    async def hears(self, tenant: str, *events: Event) -> None:
        """Handle events of other services."""
        with use_context(_context(tenant, Principal.service("user"))):
            for event in events:
                react = self._reactions[event_type_of(type(event)).type].call
                await self._store.run(partial(_react, react, event))

    async def as_service(self, tenant: str, name: str, request: Request[Any]) -> Any:
        """What a service is answered that asks for itself."""
        with use_context(_context(tenant, Principal.service(name))):
            return await self.ask(request)

    async def as_stranger(self, tenant: str, request: Request[Any]) -> Any:
        """What somebody is answered who has not signed in."""
        with use_context(_context(tenant, Principal.anonymous())):
            return await self.ask(request)

    async def run(self, tenant: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do what a schedule does, as the service."""
        with use_context(_context(tenant, Principal.service("user"))):
            await work()

    def app(self) -> ASGIApp:
        """The routes behind the edge."""
        return mounted(plugin, self._identify, _problem)

    async def _principal(self, tenant: str, authorization: str) -> Principal:
        if not authorization:
            return Principal.anonymous()
        scheme, _, token = authorization.partition(" ")
        kept = self._verified.get((tenant, token))
        if kept is not None and kept[1] > time.monotonic():
            return kept[0]
        with use_context(_context(tenant, Principal.service("gateway"))):
            principal = await self._authenticate(scheme, token)
        assert principal is not None
        self._verified[tenant, token] = (principal, time.monotonic() + VERIFIED_FOR)
        return principal

    async def _decide(self, operation: Operation, action: str, context: Context) -> Decision:
        principal = context.principal
        facts = Facts(
            {
                "id": principal.id,
                "kind": str(principal.kind),
                "roles": list(principal.roles),
                "attributes": {},
                "on_behalf_of": None,
            }
        )
        tenant = Facts({"id": context.tenant, "plan": "free", "status": "active"})
        return await self._policy.decide(PolicyQuery(action, operation.resource, facts, tenant))

    def _identify(self, app: ASGIApp) -> ASGIApp:
        async def run(scope: Scope, receive: Receive, send: Send) -> None:
            headers = {
                name.decode(): value.decode("latin-1") for name, value in scope.get("headers", ())
            }
            tenant = headers["x-tenant"]
            principal = await self._principal(tenant, headers.get("authorization", ""))
            scope[EDGE] = BenchEdge(self)  # type: ignore[literal-required]
            made = replace(_context(tenant, principal), client=headers.get("x-client", ""))
            with use_context(made):
                await app(scope, receive, send)

        return run


def _react(react: Callable[..., Any], event: Event, session: Session) -> None:
    react(session, event)


class BenchEdge:
    """The door of one request."""

    maximum_body = 1_000_000

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    async def ask(
        self, request: Request[Any], *, expected_versions: frozenset[int] | None = None
    ) -> Any:
        return await self._bench.ask(request, expected_versions)


@asynccontextmanager
async def within(bench: Bench, tenant: str) -> AsyncIterator[SqlStore]:
    """The store of the user service, as the service itself sees it in this academy."""
    with use_context(_context(tenant, Principal.service("user"))):
        yield bench.context.store


def _context(tenant: str, principal: Principal) -> Context:
    return Context(tenant, principal, time.time() + 1000 * 86_400, "test")


def _problem(request: AnyRequest, error: ColonnadeError) -> Response[bytes]:
    document = {
        "type": f"urn:colonnade:error:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.message,
        "errors": [{"pointer": item.pointer, "code": item.code} for item in error.fields],
    }
    return Response(
        json.dumps(document).encode(),
        status_code=error.status,
        media_type="application/problem+json",
        headers=error.headers,
    )
