"""The ASGI application: health, tenant, principal, then the services' routes."""

import asyncio
import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

from litestar import Litestar, Router
from litestar.datastructures import Headers
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from colonnade.context import Context, Principal, use_context
from colonnade.errors import ColonnadeError, InternalError, Unavailable
from colonnade.http import EDGE
from colonnade.identifiers import new_id
from colonnade.messages import Message as ContractMessage
from colonnade.messages import Request
from colonnade.operations import Download
from colonnade_runtime.dispatcher import Dispatcher
from colonnade_runtime.gateway.authentication import Authentication
from colonnade_runtime.gateway.health import Health, send_json
from colonnade_runtime.gateway.openapi import openapi_document
from colonnade_runtime.gateway.problems import exception_handlers, send_problem
from colonnade_runtime.tenants import TenantDirectory

ResponseT = TypeVar("ResponseT", bound=ContractMessage)

_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")


class RequestEdge:
    """The door to the dispatcher for one HTTP request."""

    def __init__(self, dispatcher: Dispatcher, maximum_body: int) -> None:
        self._dispatcher = dispatcher
        self.maximum_body = maximum_body

    async def ask(
        self, request: Request[ResponseT], *, expected_versions: frozenset[int] | None = None
    ) -> ResponseT:
        """Do the operation as the caller of this request."""
        return await self._dispatcher.do(request, expected_versions=expected_versions)  # type: ignore[no-any-return]

    async def upload(self, request: Request[ResponseT], chunks: AsyncIterator[bytes]) -> ResponseT:
        """Do an operation that takes a stream."""
        return await self._dispatcher.do(request, incoming=chunks)  # type: ignore[no-any-return]

    async def download(self, request: Request[Any]) -> Download:
        """Do an operation that answers with a stream."""
        return await self._dispatcher.do(request)  # type: ignore[no-any-return]


class Gateway:
    """Answers from the first moment; everything but health is 503 until `open` was called."""

    def __init__(self, health: Health, log: Any, access_log: Any | None) -> None:
        self.health = health
        self._log = log
        self._access_log = access_log
        self._routes: ASGIApp | None = None
        self._openapi = b""
        self._enter: Callable[[Scope], Any] | None = None
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def open(
        self,
        route_handlers: Sequence[Any],
        dispatcher: Dispatcher,
        tenants: TenantDirectory,
        authentication: Authentication,
        *,
        maximum_body: int,
        timeout: float,
    ) -> None:
        """Serve the services' routes from now on."""
        edge = RequestEdge(dispatcher, maximum_body)
        application = Litestar(
            [Router("/api/v1", route_handlers=list(route_handlers))],
            exception_handlers=exception_handlers(self._log),
            openapi_config=None,
            logging_config=None,
            request_max_body_size=None,
        )
        self._routes = application
        self.application = application
        document = openapi_document(application, title="Colonnade", version=_version())
        self._openapi = json.dumps(document).encode()

        async def enter(scope: Scope) -> Context:
            headers = Headers.from_scope(scope)
            entry = tenants.resolve(headers.get("host", ""), headers.get("x-tenant"))
            own = Context(
                entry.info.id,
                Principal.service("gateway"),
                time.time() + timeout,
                scope["state"]["request_id"],
                _traceparent(headers.get("traceparent", "")),
                entry.info.locale,
            )
            principal = await authentication.principal(own, headers.get("authorization"))
            scope[EDGE] = edge  # type: ignore[literal-required]
            return own.acting_as(principal)

        self._enter = enter

    def close(self) -> None:
        """Answer 503 again; what runs may end."""
        self._enter = None

    async def drained(self, seconds: float) -> bool:
        """Wait until no request runs, for at most `seconds`; False when some still do."""
        try:
            await asyncio.wait_for(self._idle.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] != ScopeType.HTTP:
            return
        if not await self.health.answered(scope["path"], send):
            await self._answer(scope, receive, send)

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                identification = (b"x-request-id", request_id.encode())
                message["headers"] = [*message["headers"], identification]
            await send(message)

        self._in_flight += 1
        self._idle.clear()
        try:
            await self._route(scope, receive, sending)
        except ColonnadeError as error:
            await send_problem(sending, error)
        except Exception:
            self._log.exception("request failed", path=scope["path"], request_id=request_id)
            if status == 0:
                await send_problem(sending, InternalError("Something broke; the log says what."))
        finally:
            self._in_flight -= 1
            if self._in_flight == 0:
                self._idle.set()
            self._record(scope, status, time.perf_counter() - started, request_id)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        enter, routes = self._enter, self._routes
        if enter is None or routes is None:
            raise Unavailable("The platform is not ready.", details={"retry_after": 1})
        if scope["path"] == "/openapi.json":
            await send_json(send, self._openapi)
            return
        with use_context(await enter(scope)):
            await routes(scope, receive, send)

    def _record(self, scope: HTTPScope, status: int, seconds: float, request_id: str) -> None:
        self.health.requests.labels(scope["method"], str(status)).inc()
        self.health.durations.observe(seconds)
        if self._access_log is not None:
            self._access_log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                milliseconds=round(seconds * 1000, 1),
                request_id=request_id,
            )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            given: str = value.decode("latin-1")
            if _REQUEST_ID.match(given):
                return given
    return new_id().hex


def _traceparent(given: str) -> str:
    span = secrets.token_hex(8)
    if _TRACEPARENT.match(given):
        return f"{given[:36]}{span}{given[52:]}"
    return f"00-{secrets.token_hex(16)}-{span}-00"


def _version() -> str:
    try:
        return version("colonnade")
    except PackageNotFoundError:
        return "0"
