"""The ASGI application: health, tenant, principal, then the services' routes."""

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from colonnade.adapters import GatewayFilter
from colonnade.errors import ColonnadeError, Unavailable
from colonnade.waiting import until
from colonnade_runtime.calls.dispatcher import Dispatcher
from colonnade_runtime.calls.foreign_errors import known_error
from colonnade_runtime.calls.tenants import TenantDirectory
from colonnade_runtime.edge.connections.body_time import BODILESS, BodyTime, TimedBody, is_streamed
from colonnade_runtime.edge.forwarded.origin import TrustedProxies
from colonnade_runtime.edge.health.endpoints import NO_ROUTE, Health
from colonnade_runtime.edge.http.access_log import AccessLog, line_of
from colonnade_runtime.edge.http.admission import Admission
from colonnade_runtime.edge.http.authentication import Authentication
from colonnade_runtime.edge.http.cross_origin import CrossOrigin
from colonnade_runtime.edge.http.default_headers import (
    EVERY_METHOD,
    RouteMethods,
    answer_options,
    with_default_headers,
)
from colonnade_runtime.edge.http.exchange import Exchange
from colonnade_runtime.edge.http.filters import filtered
from colonnade_runtime.edge.http.hot_reads import HotReads
from colonnade_runtime.edge.http.mounting import mounted
from colonnade_runtime.edge.http.problems import exception_handlers, send_problem
from colonnade_runtime.edge.http.unread_body import METHODS, UnreadBody
from colonnade_runtime.edge.openapi.document import described
from colonnade_runtime.edge.openapi.documents import ApiDocuments, asked_for
from colonnade_runtime.edge.pages.pages import Pages
from colonnade_runtime.observability.secret_paths import hide_secrets_of, shown_path

CUT_OFF_SECONDS = 1.0
"""Seconds that a request which was cut off gets to give back its resources."""


class EdgeApplication:
    """Answers from the first moment; everything but health is 503 until `open` was called."""

    def __init__(
        self,
        health: Health,
        log: Any,
        access_log: AccessLog | None,
        body_time: BodyTime | None = None,
    ) -> None:
        self.health = health
        self._body_time = body_time or BodyTime(30.0, 1024)
        self.proxies = TrustedProxies()
        self.tells_caller = False
        self.cross_origin: CrossOrigin | None = None
        self.pages: Pages | None = None
        self._log = log
        self.access_log = access_log
        self._admission: Admission | None = None
        self._answering: ASGIApp = self._answer  # type: ignore[assignment]
        self._running: set[asyncio.Task[Any]] = set()
        self._idle = asyncio.Event()
        self._idle.set()

    def open(
        self,
        route_handlers: Sequence[Any],
        pages: Sequence[Any],
        dispatcher: Dispatcher,
        tenants: TenantDirectory,
        authentication: Authentication,
        *,
        maximum_body: int,
        timeout: float,
        docs: bool = True,
        filters: Sequence[GatewayFilter] = (),
    ) -> None:
        """Serve the services' routes and pages from now on."""
        application = self.application = self.mounted(route_handlers, pages)
        self._admission = Admission(
            self.application,
            ApiDocuments((lambda: described(application)) if docs else None),
            dispatcher,
            HotReads(dispatcher),
            tenants,
            authentication,
            maximum_body,
            timeout,
            RouteMethods(application),
        )
        self._answering = filtered(self._answer, filters, self._log)  # type: ignore[arg-type]

    def mounted(self, route_handlers: Sequence[Any], pages: Sequence[Any]) -> Litestar:
        """The routes and pages as one application."""
        application = mounted(
            route_handlers,
            pages,
            exception_handlers=exception_handlers(self._log),
            request_max_body_size=None,
        )
        hide_secrets_of(application.routes)
        return application

    def close(self) -> None:
        """Answer 503 again; what runs may end."""
        self._admission = None

    async def drained(self, seconds: float) -> bool:
        """Wait until no request runs, for at most `seconds`; False when some still did.

        Those are cut off, so that a client that stalls holds up neither what has to be closed in
        order, nor the end of the process.
        """
        if await until(self._idle, seconds):
            return True
        left = list(self._running)
        if not left:
            return True
        self._log.warning("requests were cut off", count=len(left))
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=CUT_OFF_SECONDS)
        return False

    def log_requests(self, access_log: AccessLog | None) -> None:
        """Write requests here from now on, or nowhere."""
        if self.access_log is not None:
            self.access_log.hand_over()
        self.access_log = access_log

    async def finish(self) -> None:
        """Write what is left of the access log."""
        if self.access_log is not None:
            await self.access_log.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] != ScopeType.HTTP:
            return
        send = with_default_headers(scope, send)
        if not await self.health.answered(scope, send):
            await self._answering(scope, receive, send)

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, send, self.proxies)
        del send  # From here on the exchange alone holds it, and lets it go.
        scope["scheme"] = exchange.origin.scheme
        timed = None
        if scope["method"] not in BODILESS:
            timed = TimedBody(receive, self._body_time, partial(is_streamed, scope))
            receive = timed.receive
        if scope["method"] in METHODS:
            body = UnreadBody(receive)
            receive = body.receive
            if b"expect" not in exchange.headers:
                exchange.unread = body
        exchange.tells_caller = self.tells_caller
        if self.cross_origin is not None:
            exchange.added_headers = self.cross_origin.headers(exchange)
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        self._idle.clear()
        try:
            await self._route(scope, receive, exchange)
        except ColonnadeError as error:
            await send_problem(exchange, error)
        except asyncio.CancelledError:
            if exchange.status:
                # The client must see that the answer is cut off.
                raise
            # Whoever stalled will not send the rest now either.
            exchange.unread = None
            await send_problem(exchange, _stopping())
        except Exception as error:
            request_id = exchange.request_id
            path = shown_path(scope["path"])
            self._log.exception("request failed", path=path, request_id=request_id)
            if exchange.status == 0:
                await send_problem(exchange, known_error(error))
        finally:
            exchange.let_go()
            if timed is not None:
                timed.let_go()
            self._running.discard(task)
            if not self._running:
                self._idle.set()
            self._record(scope, exchange)

    async def _route(self, scope: HTTPScope, receive: Receive, exchange: Exchange) -> None:
        if scope["path"] == "*" and scope["method"] == "OPTIONS":
            await answer_options(exchange, EVERY_METHOD)
            return
        if self.cross_origin is not None:
            preflight = self.cross_origin.preflight(scope["method"], exchange)
            if preflight is not None:
                await exchange.respond(preflight)
                return
        admission = self._admission
        if admission is None:
            raise Unavailable(
                "The platform is not ready.",
                details={"retry_after": 1},
                # Tells a process in front that nothing was done, and another may be asked.
                headers={"Colonnade-Not-Ready": "1"},
            )
        document = await admission.documents.get(scope["path"])
        if document is not None:
            exchange.route = scope["path"]
            await exchange.respond(asked_for(document, scope["method"], exchange.headers))
            return
        if self.pages is not None:
            page = self.pages.answer(scope["path"], scope["method"], exchange)
            if page is not None:
                exchange.route = page.route
                await exchange.respond(page)
                return
        context = exchange.context = await admission.enter(exchange)
        if scope["method"] == "HEAD":
            # Answered as a GET; the exchange leaves the body out.
            scope = cast(HTTPScope, {**scope, "method": "GET"})
        response = admission.hot_reads.answer(scope, exchange.headers, context)
        if response is None:
            try:
                response = await admission.hot_reads.read(scope, exchange.headers, context)
            finally:
                exchange.route = scope.get("path_template", "")
        if response is not None:
            exchange.route = response.route
            await exchange.respond(response)
        else:
            await admission.serve(scope, receive, exchange, context)

    def _record(self, scope: HTTPScope, exchange: Exchange) -> None:
        seconds = time.perf_counter() - exchange.started
        self.health.record(scope["method"], exchange.route or NO_ROUTE, exchange.status, seconds)
        if self.access_log is not None:
            self.access_log.record(line_of(scope, exchange, seconds))


def _stopping() -> Unavailable:
    return Unavailable("The platform is stopping.", details={"retry_after": 1})
