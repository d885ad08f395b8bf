"""The content service with its real store, blobs, policies and routes; only the edge is short.

A request names its caller in `X-Caller` instead of with a token.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import structlog
from litestar import Response
from litestar.types import ASGIApp, Receive, Scope, Send
from sqlalchemy import select

from colonnade.blobs import BlobStore
from colonnade.clock import SystemClock
from colonnade.context import Context, Principal, PrincipalKind, current_context, use_context
from colonnade.errors import ColonnadeError, Forbidden, NotFound, Unauthenticated
from colonnade.events import Envelope, Event, Work, event_type_of, reactions_of
from colonnade.http import EDGE, AnyRequest
from colonnade.identifiers import new_id
from colonnade.messages import Request
from colonnade.operations import Call, Operation, handlers_of, operation_of
from colonnade.policy import Decision, Facts, MemoisedPolicy, PolicyQuery
from colonnade.services import TenantInfo
from colonnade.store import SqlStore
from colonnade.tables import OutboxRow
from colonnade_content import plugin
from colonnade_content.api import EVENTS
from colonnade_content.config import ContentConfig
from colonnade_runtime.testing.workers import InlineWorkers
from colonnade_runtime.workers.pool import Workers
from colonnade_user.api import GetUser, Role, User
from tests.plugins.mounted_routes import mounted

T = TypeVar("T")

TENANT = TenantInfo("acme", "Acme", "active", "free", "EUR", "en", "UTC")
TENANT_FACTS = Facts({"id": "acme", "plan": "free", "status": "active"})
EVENT_MODELS = {event_type_of(model).type: model for model in EVENTS}


class BenchContext:
    """Context of a service, as far as the content service uses it."""

    name = "content"
    clock = SystemClock()

    def __init__(self, store: SqlStore, blobs: BlobStore, config: ContentConfig) -> None:
        self.store = store
        self.blobs = blobs
        self.config = config
        self.workers: Workers = InlineWorkers()
        self.ask: Callable[[Request[Any]], Awaitable[Any]]
        self.log = structlog.get_logger("colonnade")

    def tenant(self) -> TenantInfo:
        return TENANT

    def as_service(self) -> AbstractContextManager[Context]:
        return use_context(current_context().acting_as(Principal.service(self.name)))

    async def in_process(
        self, function: Callable[..., T], *arguments: Any, seconds: float = 2.0
    ) -> T:
        answer: T = await self.workers.run(
            function, arguments, seconds=seconds, person=("acme", "somebody"), left=None
        )
        return answer

    new_id = staticmethod(new_id)


class Bench:
    """Decides and calls as the dispatcher does."""

    def __init__(
        self,
        store: SqlStore,
        blobs: BlobStore,
        policy: MemoisedPolicy,
        objects: Sequence[object],
        context: BenchContext,
        accounts: Mapping[str, Principal],
    ) -> None:
        self.blobs = blobs
        self._accounts = accounts
        self.context = context
        context.ask = self._ask_itself
        self._store = store
        self._policy = policy
        self._objects = objects
        self._handlers = {
            bound.operation.request: bound.call for item in objects for bound in handlers_of(item)
        }

    async def ask(
        self,
        principal: Principal,
        request: Request[Any],
        expected_versions: frozenset[int] | None = None,
        incoming: AsyncIterator[bytes] | None = None,
    ) -> Any:
        operation = operation_of(type(request))
        decision = await self._decide(operation, operation.action, principal)
        visibility = await self._decide(operation, f"{operation.resource}.read", principal)
        if decision.refused:
            anonymous = principal.kind is PrincipalKind.ANONYMOUS
            raise Unauthenticated() if anonymous else Forbidden()
        context = _context(principal)
        call = Call(context, operation, decision, visibility, expected_versions, incoming)
        with use_context(context):
            answer = await self._handlers[type(request)](request, call)
        assert call.applied or decision.unconditional
        return answer

    async def _ask_itself(self, request: Request[Any]) -> Any:
        if isinstance(request, GetUser):
            return self._account(request)
        return await self.ask(current_context().principal, request)

    def _account(self, request: GetUser) -> User:
        """As the user service answers this one: of those who may teach, and without addresses."""
        assert current_context().principal == Principal.service("content")
        account = self._accounts.get(str(request.user_id))
        if account is None or account.roles == ("learner",):
            raise NotFound("There is no such user.")
        return User.model_construct(id=request.user_id, role=Role(account.roles[0]))

    async def published(self) -> list[Event]:
        with use_context(_context(Principal.service("content"))):
            written = await self._store.read(
                lambda session: session.scalars(
                    select(OutboxRow.envelope).order_by(OutboxRow.sequence)
                ).all()
            )
        envelopes = [Envelope.decode(data) for data in written]
        return [EVENT_MODELS[item.type].decode(bytes(item.data)) for item in envelopes]

    async def deliver(self, event: Event) -> None:
        """Bring an event to its reaction and wait until it has taken effect."""
        [reaction] = [
            bound for bound in reactions_of(self._objects) if bound.event_type.model is type(event)
        ]
        with use_context(_context(Principal.service("content"))):
            if not reaction.is_asynchronous:
                await self._store.run(lambda session: reaction.call(session, event))
                return
            pending = reaction.call(event)
            assert pending is not None
            work = await pending
            if work is not None:
                await self._store.run(work)

    async def work(self, work: Work) -> Any:
        """Run a unit of work that no operation does."""
        with use_context(_context(Principal.service("content"))):
            return await self._store.run(work)

    async def scheduled(self, name: str) -> None:
        """Run a scheduled method."""
        [method] = [getattr(item, name) for item in self._objects if hasattr(item, name)]
        with use_context(_context(Principal.service("content"))):
            await method()

    async def settle(self, model: type[Event]) -> None:
        """Bring everything of this type that was published to the service itself."""
        for event in await self.published():
            if isinstance(event, model):
                await self.deliver(event)

    async def _decide(self, operation: Operation, action: str, principal: Principal) -> Decision:
        facts = Facts(
            {
                "id": principal.id,
                "kind": str(principal.kind),
                "roles": list(principal.roles),
                "attributes": {},
                "on_behalf_of": None,
            }
        )
        return await self._policy.decide(
            PolicyQuery(action, operation.resource, facts, TENANT_FACTS)
        )

    def app(self, people: Mapping[str, Principal]) -> ASGIApp:
        def identify(app: ASGIApp) -> ASGIApp:
            async def run(scope: Scope, receive: Receive, send: Send) -> None:
                headers: Mapping[bytes, bytes] = dict(scope.get("headers", ()))
                caller = people.get(headers.get(b"x-caller", b"").decode())
                scope[EDGE] = BenchEdge(self, caller or Principal.anonymous())  # type: ignore[literal-required]
                await app(scope, receive, send)

            return run

        return mounted(plugin, identify, _problem)


class BenchEdge:
    """The door of one request."""

    maximum_body = 2_000_000

    def __init__(self, bench: Bench, principal: Principal) -> None:
        self._bench = bench
        self._principal = principal

    async def ask(
        self, request: Request[Any], *, expected_versions: frozenset[int] | None = None
    ) -> Any:
        return await self._bench.ask(self._principal, request, expected_versions)

    async def upload(self, request: Request[Any], chunks: AsyncIterator[bytes]) -> Any:
        return await self._bench.ask(self._principal, request, incoming=chunks)

    async def download(self, request: Request[Any]) -> Any:
        return await self._bench.ask(self._principal, request)


def _context(principal: Principal) -> Context:
    return Context("acme", principal, time.time() + 60, "test")


def _problem(request: AnyRequest, error: ColonnadeError) -> Response[Any]:
    document = {
        "code": error.code,
        "detail": error.message,
        "details": error.details,
        "errors": [{"pointer": item.pointer, "code": item.code} for item in error.fields],
    }
    return Response(
        document,
        status_code=error.status,
        media_type="application/problem+json",
        headers=error.headers,
    )
