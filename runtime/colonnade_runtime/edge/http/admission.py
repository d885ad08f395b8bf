"""Admission of HTTP requests: tenant, principal, and the door to the dispatcher."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, TypeVar

from litestar.types import ASGIApp, HTTPScope, Receive

from colonnade.context import Context, Principal, use_context
from colonnade.errors import InvalidRequest
from colonnade.http import EDGE
from colonnade.messages import Message, Request
from colonnade.operations import Download
from colonnade_runtime.calls.dispatcher import Dispatcher
from colonnade_runtime.calls.tenants import TenantDirectory
from colonnade_runtime.edge.http.authentication import Authentication
from colonnade_runtime.edge.http.default_headers import RouteMethods
from colonnade_runtime.edge.http.exchange import Exchange
from colonnade_runtime.edge.http.hot_reads import HotReads
from colonnade_runtime.edge.openapi.documents import ApiDocuments

ResponseT = TypeVar("ResponseT", bound=Message)

_GATEWAY = Principal.service("gateway")


class RequestDoor:
    """The door to the dispatcher for one HTTP request; `asked` is what was asked of it."""

    def __init__(self, dispatcher: Dispatcher, maximum_body: int) -> None:
        self._dispatcher = dispatcher
        self.maximum_body = maximum_body
        self.asked: Request[Any] | None = None

    async def ask(
        self,
        request: Request[ResponseT],
        *,
        expected_versions: frozenset[int] | None = None,
        idempotency_key: str | None = None,
    ) -> ResponseT:
        """Ask the operation as the caller of this request."""
        answer: ResponseT = await self._dispatcher.do(
            request, expected_versions=expected_versions, idempotency_key=idempotency_key
        )
        self.asked = request
        return answer

    async def upload(self, request: Request[ResponseT], chunks: AsyncIterator[bytes]) -> ResponseT:
        """Ask an operation that takes a stream."""
        return await self._dispatcher.do(request, incoming=chunks)  # type: ignore[no-any-return]

    async def download(self, request: Request[Any]) -> Download:
        """Ask an operation that answers with a stream."""
        return await self._dispatcher.do(request)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Admission:
    """Admission: the way from an open edge to the services' routes."""

    application: ASGIApp
    documents: ApiDocuments
    dispatcher: Dispatcher
    hot_reads: HotReads
    tenants: TenantDirectory
    authentication: Authentication
    maximum_body: int
    timeout: float
    methods: RouteMethods

    async def enter(self, exchange: Exchange) -> Context:
        """The context of a request: its tenant, and who asks.

        Raises:
            ColonnadeError: there is no such tenant, the credentials are not valid there, or a
                header that decides about them stands twice.
        """
        headers = exchange.headers
        if exchange.is_ambiguous:
            # Whoever stands in front may have looked at the other one (RFC 9112 §3.2).
            raise InvalidRequest("Host, X-Tenant and Authorization may each stand once.")
        if exchange.lacks_host:
            raise InvalidRequest("The Host header is missing, or empty.")
        host, named = headers.get(b"host", b""), headers.get(b"x-tenant")
        entry = self.tenants.resolve(
            host.decode("latin-1"),
            None if named is None else named.decode("latin-1"),
            exchange.origin.host,
        )
        own = Context(
            entry.info.id,
            _GATEWAY,
            self.dispatcher.now() + self.timeout,
            exchange.request_id,
            exchange.traceparent,
            entry.info.locale,
            exchange.origin.client,
        )
        credentials = headers.get(b"authorization")
        if credentials is None:
            return own.acting_as(Principal.anonymous())
        principal = await self.authentication.principal(own, credentials.decode("latin-1"))
        return own.acting_as(principal)

    async def serve(
        self, scope: HTTPScope, receive: Receive, exchange: Exchange, context: Context
    ) -> None:
        """Let the router answer, and learn from it."""
        edge = RequestDoor(self.dispatcher, self.maximum_body)
        scope[EDGE] = edge  # type: ignore[literal-required]
        send = self.methods.telling(scope, exchange) if scope["method"] == "OPTIONS" else exchange
        try:
            with use_context(context):
                await self.application(scope, receive, send)
        finally:
            exchange.route = scope.get("path_template", "")
        if edge.asked is not None:
            self.hot_reads.learn(scope, exchange.headers, context, edge.asked, exchange.sent())
