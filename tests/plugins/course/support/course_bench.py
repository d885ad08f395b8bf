"""The course service with its real store, policies and routes; only the edge is short.

A request names its caller in `X-Caller` instead of with a token: who somebody is, is the user
service's business, and proven there.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID, uuid4

import structlog
from course_journeys import Caller
from litestar import Response
from litestar.types import ASGIApp, Receive, Scope, Send
from sqlalchemy import select

from colonnade.clock import SystemClock
from colonnade.context import Context, Principal, PrincipalKind, current_context, use_context
from colonnade.errors import ColonnadeError, Forbidden, NotFound, Unauthenticated
from colonnade.events import Envelope, Event, event_type_of, reactions_of
from colonnade.http import EDGE, AnyRequest
from colonnade.identifiers import new_id
from colonnade.messages import Request
from colonnade.operations import Call, Operation, handlers_of, operation_of
from colonnade.policy import Decision, Facts, MemoisedPolicy, PolicyQuery
from colonnade.row_tracking import RowSet
from colonnade.services import TenantInfo
from colonnade.store import Session, SqlStore
from colonnade.tables import OutboxRow
from colonnade_content.api import ListPublishableContent, Publishable
from colonnade_course import plugin
from colonnade_course.api import EVENTS
from colonnade_user.api import GetUser, Role, User, UserStatus
from tests.plugins.mounted_routes import mounted

T = TypeVar("T")

TENANT = TenantInfo("acme", "Acme", "active", "free", "EUR", "en", "UTC")
TENANT_FACTS = Facts({"id": "acme", "plan": "free", "status": "active"})
EVENT_MODELS = {event_type_of(model).type: model for model in EVENTS}


class BenchContext:
    """As much of a context as the course service uses; `people` are those with an account."""

    name = "course"
    clock = SystemClock()
    log = structlog.get_logger("course")

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.people: dict[str, Principal] = {}
        self.unpublishable: set[UUID] = set()

    async def ask(self, request: GetUser | ListPublishableContent) -> User | Publishable:
        """What the user service answers to this one: those who teach, and nobody else; and what
        the content service does: that all but `unpublishable` may be shown."""
        if isinstance(request, ListPublishableContent):
            return Publishable(ids=[each for each in request.ids if each not in self.unpublishable])
        found = self.people.get(str(request.user_id))
        if found is None or found.roles == ("learner",):
            raise NotFound()
        now = self.clock.now()
        return User(
            id=request.user_id,
            email=None,
            name="Somebody",
            role=Role(found.roles[0]),
            status=UserStatus.ACTIVE,
            created_at=now,
            updated_at=now,
            version=1,
        )

    @contextmanager
    def as_service(self) -> Iterator[Context]:
        acting = current_context().acting_as(Principal.service(self.name))
        with use_context(acting):
            yield acting

    def tenant(self) -> TenantInfo:
        return TENANT

    new_id = staticmethod(new_id)


class Bench:
    """Decides and calls as the dispatcher does; `changes` are all rows written so far."""

    def __init__(
        self,
        store: SqlStore,
        policy: MemoisedPolicy,
        objects: Sequence[object],
        changes: RowSet,
        people: dict[str, Principal],
    ) -> None:
        self.changes = changes
        self._store = store
        self._policy = policy
        self._objects = objects
        self._handlers = {
            bound.operation.request: bound.call for item in objects for bound in handlers_of(item)
        }
        self.people = people
        self.unpublishable: set[UUID] = set()

    async def ask(
        self,
        principal: Principal,
        request: Request[Any],
        expected_versions: frozenset[int] | None = None,
    ) -> Any:
        operation = operation_of(type(request))
        decision = await self._decide(operation, operation.action, principal)
        visibility = await self._decide(operation, f"{operation.resource}.read", principal)
        if decision.refused:
            anonymous = principal.kind is PrincipalKind.ANONYMOUS
            raise Unauthenticated() if anonymous else Forbidden()
        context = _context(principal)
        call = Call(context, operation, decision, visibility, expected_versions)
        with use_context(context):
            answer = await self._handlers[type(request)](request, call)
        assert call.applied or decision.unconditional
        return answer

    async def published(self) -> list[Event]:
        with use_context(_context(Principal.service("course"))):
            written = await self._store.read(
                lambda session: session.scalars(
                    select(OutboxRow.envelope).order_by(OutboxRow.sequence)
                ).all()
            )
        envelopes = [Envelope.decode(data) for data in written]
        return [EVENT_MODELS[item.type].decode(bytes(item.data)) for item in envelopes]

    async def deliver(self, event: Event) -> None:
        [reaction] = [
            bound for bound in reactions_of(self._objects) if bound.event_type.model is type(event)
        ]
        with use_context(_context(Principal.service("course"))):
            await self._store.run(lambda session: reaction.call(session, event))

    async def run(self, work: Callable[[Session], T]) -> T:
        """Do something in the store, as the service."""
        with use_context(_context(Principal.service("course"))):
            return await self._store.run(work)

    async def run_schedule(self, name: str) -> None:
        """Do what the service does from time to time."""
        [scheduled] = [getattr(item, name) for item in self._objects if hasattr(item, name)]
        with use_context(_context(Principal.service("course"))):
            await scheduled()

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
        query = PolicyQuery(action, operation.resource, facts, TENANT_FACTS)
        return await self._policy.decide(query)

    def app(self) -> ASGIApp:
        return mounted(plugin, self._identify, _problem)

    def person(self, client: Any, role: str) -> Caller:
        user_id = str(uuid4())
        self.people[user_id] = Principal(PrincipalKind.USER, user_id, (role,))
        return Caller(client, {"X-Caller": user_id}, user_id)

    def _identify(self, app: ASGIApp) -> ASGIApp:
        async def run(scope: Scope, receive: Receive, send: Send) -> None:
            headers: Mapping[bytes, bytes] = dict(scope.get("headers", ()))
            principal = self.people.get(headers.get(b"x-caller", b"").decode())
            scope[EDGE] = BenchEdge(self, principal or Principal.anonymous())  # type: ignore[literal-required]
            await app(scope, receive, send)

        return run


class BenchEdge:
    """The door of one request."""

    maximum_body = 1_000_000

    def __init__(self, bench: Bench, principal: Principal) -> None:
        self._bench = bench
        self._principal = principal

    async def ask(
        self, request: Request[Any], *, expected_versions: frozenset[int] | None = None
    ) -> Any:
        return await self._bench.ask(self._principal, request, expected_versions)


def _context(principal: Principal) -> Context:
    return Context("acme", principal, time.time() + 60, "test")


def _problem(request: AnyRequest, error: ColonnadeError) -> Response[Any]:
    document = {
        "code": error.code,
        "title": error.title,
        "detail": error.message,
        "details": error.details,
        "errors": [{"pointer": item.pointer, "code": item.code} for item in error.fields],
    }
    media_type = "application/problem+json"
    return Response(document, status_code=error.status, media_type=media_type)
