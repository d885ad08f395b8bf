"""The ASGI application of the gateway."""

import asyncio
import time
from typing import Any

from litestar.enums import ScopeType
from litestar.types import HTTPScope, Receive, Scope, Send

from colonnade.errors import ColonnadeError, NotFound, Unavailable
from colonnade.services import HealthCheck
from colonnade.waiting import until
from colonnade_runtime.calls.foreign_errors import known_error
from colonnade_runtime.edge.connections.body_time import BODILESS, BodyTime, TimedBody
from colonnade_runtime.edge.forwarded.origin import TrustedProxies
from colonnade_runtime.edge.forwarded.seal import Seal
from colonnade_runtime.edge.health.endpoints import NO_ROUTE, Health
from colonnade_runtime.edge.http.access_log import AccessLog, line_of
from colonnade_runtime.edge.http.cross_origin import CrossOrigin
from colonnade_runtime.edge.http.default_headers import (
    EVERY_METHOD,
    answer_options,
    with_default_headers,
)
from colonnade_runtime.edge.http.exchange import Exchange, request_id_of
from colonnade_runtime.edge.http.problems import send_problem
from colonnade_runtime.edge.openapi.documents import ApiDocuments, asked_for
from colonnade_runtime.edge.pages.pages import Pages
from colonnade_runtime.gateway.forwarding import LOOK_AGAIN, Forwarder
from colonnade_runtime.gateway.probing import Prober
from colonnade_runtime.gateway.routing import RouteTable
from colonnade_runtime.gateway.upstreams import Upstream, Upstreams
from colonnade_runtime.gateway.websocket_log import WebSocketLog
from colonnade_runtime.gateway.websockets import TRY_AGAIN_LATER, WebSocketProxy
from colonnade_runtime.observability.secret_paths import shown_path

PATIENCE = 10.0
"""Seconds that a request waits for a process that is starting again."""


_PROCESSES_MEND = "Start them: `colonnade status` says which do not run or are not ready, and how."


class GatewayApplication:
    """Answers health and the API's description itself, and has everything else answered.

    Made within a loop. `timeout` is how many seconds may pass without a byte of an answer. Those
    behind it believe of a client what it has sealed.
    """

    def __init__(
        self,
        table: RouteTable,
        upstreams: Upstreams,
        timeout: float,
        log: Any,
        seal: Seal,
        proxies: TrustedProxies | None = None,
        documents: ApiDocuments | None = None,
        patience: float = PATIENCE,
        body_time: BodyTime | None = None,
        health: Health | None = None,
        access_log: AccessLog | None = None,
    ) -> None:
        self._access_log = access_log
        self.cross_origin: CrossOrigin | None = None
        self.pages: Pages | None = None
        self.health = health or Health(log)
        self.health.stage.started()
        self.health.checks.add([HealthCheck("processes", self._silent, _PROCESSES_MEND)])
        self._log = log
        self._table = table
        self._documents = documents or ApiDocuments(None)
        self._patience = patience
        self._body_time = body_time or BodyTime(30.0, 1024)
        self._upstreams = upstreams
        self._proxies = proxies or TrustedProxies()
        self._seal = seal
        self._forwarder = Forwarder(timeout, seal, log)
        self._prober = Prober(self._forwarder.session, upstreams)
        self.sockets: set[asyncio.Task[Any]] = set()
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._open = True

    def take_up(
        self, proxies: TrustedProxies, documents: ApiDocuments, body_time: BodyTime
    ) -> None:
        """Hold to these from the next request on."""
        self._proxies, self._documents, self._body_time = proxies, documents, body_time

    def log_requests(self, access_log: AccessLog | None) -> None:
        """Write requests here from now on, or nowhere."""
        if self._access_log is not None:
            self._access_log.hand_over()
        self._access_log = access_log

    def start(self) -> None:
        """Begin to look which processes are ready."""
        self._prober.start()

    async def stop(self, notice: float, seconds: float) -> None:
        """Say for `notice` seconds that it stops, and still answer; then take no more, let what
        runs end within `seconds`, and close."""
        self.health.stage.stopping = "the platform is stopping"
        await asyncio.sleep(notice)
        self._open = False
        for socket in self.sockets:
            socket.cancel()
        if not await until(self._idle, seconds):
            self._log.warning("requests were cut off", count=self._in_flight)
        await self._prober.stop()
        await self._forwarder.close()
        await self.health.checks.stop()
        if self._access_log is not None:
            await self._access_log.stop()

    async def _silent(self) -> str | None:
        """The services that no process answers for, in a sentence."""
        answering = {
            name for each in self._upstreams.all if each.answers for name in each.place.services
        }
        missing = self._table.services - answering
        return f"No process answers for: {', '.join(sorted(missing))}." if missing else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] == ScopeType.WEBSOCKET:
            await self._pass(scope, receive, send)
            return
        send = with_default_headers(scope, send)
        if not await self.health.answered(scope, send):
            await self._answer(scope, receive, send)

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, send, self._proxies)
        del send  # From here on the exchange alone holds it, and lets it go.
        if self.cross_origin is not None:
            exchange.added_headers = self.cross_origin.headers(exchange)
        timed = None
        if scope["method"] not in BODILESS:
            # Which routes take streams, the processes behind know.
            timed = TimedBody(receive, self._body_time, lambda: True)
            receive = timed.receive
        self._in_flight += 1
        self._idle.clear()
        try:
            await self._route(scope, receive, exchange)
        except ColonnadeError as error:
            if exchange.status == 0:
                await send_problem(exchange, error)
        except Exception as error:
            if exchange.status:
                # The client must see that the answer is cut off.
                self._log.warning("answer cut off", path=shown_path(scope["path"]), error=error)
                raise
            self._log.exception("request failed", path=shown_path(scope["path"]))
            await send_problem(exchange, known_error(error))
        finally:
            exchange.let_go()
            if timed is not None:
                timed.let_go()
            self._in_flight -= 1
            if self._in_flight == 0:
                self._idle.set()
            seconds = time.perf_counter() - exchange.started
            route = exchange.route or NO_ROUTE
            self.health.record(scope["method"], route, exchange.status, seconds)
            if self._access_log is not None:
                self._access_log.record(line_of(scope, exchange, seconds))

    async def _route(self, scope: HTTPScope, receive: Receive, exchange: Exchange) -> None:
        if scope["path"] == "*" and scope["method"] == "OPTIONS":
            return await answer_options(exchange, EVERY_METHOD)
        if self.cross_origin is not None:
            preflight = self.cross_origin.preflight(scope["method"], exchange)
            if preflight is not None:
                return await exchange.respond(preflight)
        if not self._open:
            raise Unavailable("The platform is stopping.", details={"retry_after": 1})
        document = await self._documents.get(scope["path"])
        if document is not None:
            exchange.route = scope["path"]
            return await exchange.respond(asked_for(document, scope["method"], exchange.headers))
        if self.pages is not None:
            page = self.pages.answer(scope["path"], scope["method"], exchange)
            if page is not None:
                exchange.route = page.route
                return await exchange.respond(page)
        route = self._table.find(scope["path"])
        if route is None:
            raise NotFound("There is nothing at this path.")
        exchange.route, service = route.template, route.service
        return await self._forwarder.forward(
            lambda tried: self._upstreams.choose(service, tried),
            scope,
            receive,
            exchange,
            self._patience,
        )

    async def _pass(self, scope: Any, receive: Receive, send: Send) -> None:
        headers = dict(reversed(scope["headers"]))
        request_id = request_id_of(headers.get(b"x-request-id"))
        origin = self._proxies.origin(scope, headers, request_id)
        log = WebSocketLog(self._access_log, scope, origin.client, request_id)
        proxy = WebSocketProxy(self._forwarder.session, receive, send, log)
        forwarded = origin.sealed(self._seal, request_id)
        service = self._table.service_of(scope["path"])
        task = asyncio.current_task()
        if service is None or task is None or not self._open:
            return await proxy.refuse(TRY_AGAIN_LATER)
        self.sockets.add(task)
        try:
            if not await self._passed(proxy, service, scope, request_id, forwarded):
                await proxy.refuse(TRY_AGAIN_LATER)
        except asyncio.CancelledError:
            # Closed on both sides already: the gateway stops.
            return None
        finally:
            self.sockets.discard(task)

    async def _passed(
        self, proxy: WebSocketProxy, service: str, scope: Any, request_id: str, forwarded: str
    ) -> bool:
        until = time.monotonic() + self._patience
        tried: set[Upstream] = set()
        while time.monotonic() < until:
            upstream = self._upstreams.choose(service, tried)
            if upstream is None:
                tried.clear()
                await asyncio.sleep(LOOK_AGAIN)
            elif await proxy.through(upstream, scope, request_id, forwarded):
                return True
            else:
                tried.add(upstream)
        return False
