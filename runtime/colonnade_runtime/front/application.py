"""The ASGI application of the process in front."""

import asyncio
import time
from typing import Any

from litestar import Litestar, Router
from litestar.enums import ScopeType
from litestar.types import HTTPScope, Receive, Scope, Send

from colonnade.errors import ColonnadeError, InternalError, NotFound, Unavailable
from colonnade.services import HealthCheck
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.declaration.places import places
from colonnade_runtime.front.forwarding import Forwarder
from colonnade_runtime.front.routing import PREFIX, route_table, routes_of
from colonnade_runtime.front.upstreams import Upstreams
from colonnade_runtime.gateway.documents import Documents, asked_for
from colonnade_runtime.gateway.exchange import Exchange
from colonnade_runtime.gateway.health import Health
from colonnade_runtime.gateway.openapi import described
from colonnade_runtime.gateway.problems import send_problem
from colonnade_runtime.plugins import Plugins

PATIENCE = 10.0
"""Seconds that a request waits for a process that is starting again."""


class Front:
    """Answers health and the API's description itself, and has everything else answered."""

    def __init__(self, loaded: LoadedPlatform, plugins: Plugins, log: Any) -> None:
        self.health = Health(log)
        self.health.waiting_for.clear()
        self.health.checks.add([HealthCheck("processes", self._silent)])
        self._log = log
        self._table = route_table(routes_of(plugins))
        self._documents = _documents(loaded, plugins)
        self._upstreams = Upstreams(places(loaded.platform))
        self._forwarder = Forwarder(float(loaded.platform.gateway.timeout))
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._open = True

    @property
    def gateway(self) -> "Front":
        """What is served over HTTP: itself."""
        return self

    async def stop(self, seconds: float) -> None:
        """Take no more, let what runs end within `seconds`, close."""
        self.health.waiting_for["stop"] = "the platform is stopping"
        self._open = False
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            self._log.warning("requests were cut off", count=self._in_flight)
        await self._forwarder.close()

    async def _silent(self) -> str | None:
        """The services that no process answers for, in a sentence."""
        ready = await self._forwarder.ready(self._upstreams.all)
        missing = self._upstreams.services - {
            name for each in ready for name in each.place.services
        }
        return f"No process answers for: {', '.join(sorted(missing))}." if missing else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] != ScopeType.HTTP:
            return
        if not await self.health.answered(scope["path"], send):
            await self._answer(scope, receive, send)

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, send)
        self._in_flight += 1
        self._idle.clear()
        try:
            await self._route(scope, receive, exchange)
        except ColonnadeError as error:
            if exchange.status == 0:
                await send_problem(exchange, error)
        except Exception:
            self._log.exception("request failed", path=scope["path"])
            if exchange.status == 0:
                await send_problem(exchange, InternalError("Something broke; the log says what."))
        finally:
            self._in_flight -= 1
            if self._in_flight == 0:
                self._idle.set()
            seconds = time.perf_counter() - exchange.started
            self.health.record(scope["method"], exchange.status, seconds)

    async def _route(self, scope: HTTPScope, receive: Receive, exchange: Exchange) -> None:
        if not self._open:
            raise Unavailable("The platform is stopping.", details={"retry_after": 1})
        document = await self._documents.get(scope["path"])
        if document is not None:
            return await exchange.respond(asked_for(document, scope["method"], exchange.headers))
        service = self._table.service_of(scope["path"])
        if service is None:
            raise NotFound("There is nothing at this path.")
        return await self._forwarder.forward(
            lambda tried: self._upstreams.choose(service, tried), scope, receive, exchange, PATIENCE
        )


def _documents(loaded: LoadedPlatform, plugins: Plugins) -> Documents:
    if not loaded.platform.gateway.docs:
        return Documents(None)
    routes = [
        route
        for name in plugins.start_order
        for route in plugins.services[name].call("http_routes") or ()
    ]
    application = Litestar(
        [Router(PREFIX, route_handlers=routes)], openapi_config=None, logging_config=None
    )
    return Documents(lambda: described(application))
