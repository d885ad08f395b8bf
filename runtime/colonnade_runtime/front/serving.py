"""Serves the process in front, until told to stop."""

import click
import structlog
from litestar import Litestar, Router

from colonnade_runtime.admin.serving import administered_front
from colonnade_runtime.declaration.places import FRONT, places
from colonnade_runtime.declared import Declared
from colonnade_runtime.front.application import Front
from colonnade_runtime.front.routing import PREFIX, route_table, routes_of
from colonnade_runtime.front.upstreams import Upstreams
from colonnade_runtime.gateway.documents import Documents
from colonnade_runtime.gateway.openapi import described
from colonnade_runtime.listening import NOTICE_SECONDS, available_port, listening
from colonnade_runtime.signals import Signals
from colonnade_runtime.watchdog import Watchdog


async def serve_front(declared: Declared) -> None:
    """Forward requests to the processes that the platform declares.

    Raises:
        ConfigurationError: when the port is taken.
    """
    platform = declared.loaded.platform
    watchdog = Watchdog(float(platform.shutdown.total))
    signals = Signals(_nothing_to_reload, watchdog.start)
    port = platform.gateway.port or available_port(platform.gateway.host, 0)
    front = _front(declared)
    with signals.handled():
        async with (
            administered_front(declared, front.health),
            listening(front, platform.gateway.host, port, websockets=True),
        ):
            front.start()
            signals.ready()
            click.echo(f"{FRONT} is ready on http://{platform.gateway.host}:{port}/api/v1")
            await signals.stopped.wait()
            await front.stop(NOTICE_SECONDS, float(platform.shutdown.drain))


def _front(declared: Declared) -> Front:
    platform = declared.loaded.platform
    return Front(
        route_table(routes_of(declared.plugins)),
        Upstreams(places(platform)),
        float(platform.gateway.timeout),
        structlog.get_logger("front"),
        _documents(declared),
    )


def _documents(declared: Declared) -> Documents:
    """The API's description: of the routes of all services, as one process would serve them."""
    if not declared.loaded.platform.gateway.docs:
        return Documents(None)
    plugins = declared.plugins
    routes = [
        route
        for name in plugins.start_order
        for route in plugins.services[name].call("http_routes") or ()
    ]
    application = Litestar(
        [Router(PREFIX, route_handlers=routes)], openapi_config=None, logging_config=None
    )
    return Documents(lambda: described(application))


async def _nothing_to_reload() -> bool:
    return True
