"""Serves the gateway, until told to stop."""

from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import structlog

from colonnade.adapters import Discovery
from colonnade.clock import SystemClock
from colonnade.services import HealthCheck
from colonnade_runtime.admin.running import administered_gateway
from colonnade_runtime.assembly.adapters import Adapters
from colonnade_runtime.assembly.declared import Declared
from colonnade_runtime.assembly.signing import signing_key
from colonnade_runtime.assembly.started_secrets import StartedSecrets
from colonnade_runtime.calls.secret_vault import SecretVault
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.declaration.model.placement import GATEWAY, placement_of, placements
from colonnade_runtime.declaration.open_files import allow_open_files, needed_files
from colonnade_runtime.edge.connections.limits import body_time, connection_limits
from colonnade_runtime.edge.forwarded.origin import TrustedProxies
from colonnade_runtime.edge.forwarded.seal import Seal
from colonnade_runtime.edge.health.endpoints import Health, open_paths
from colonnade_runtime.edge.health.listener import health_listening
from colonnade_runtime.edge.http.access_log import access_log_of
from colonnade_runtime.edge.http.cross_origin import CrossOrigin
from colonnade_runtime.edge.http.mounting import mounted
from colonnade_runtime.edge.listening import NOTICE_SECONDS, available_port, listening
from colonnade_runtime.edge.openapi.document import described
from colonnade_runtime.edge.openapi.documents import ApiDocuments
from colonnade_runtime.edge.pages.pages import pages_of
from colonnade_runtime.gateway.application import GatewayApplication
from colonnade_runtime.gateway.discovery import UpstreamDiscovery
from colonnade_runtime.gateway.reconfiguration import GatewayReconfiguration
from colonnade_runtime.gateway.routing import route_table, routes_of
from colonnade_runtime.gateway.upstreams import Upstreams
from colonnade_runtime.observability.lifecycle import Lifecycle
from colonnade_runtime.observability.redaction import hosts_in
from colonnade_runtime.observability.secret_paths import hide_secrets_of
from colonnade_runtime.process.reloading import Reloader
from colonnade_runtime.resilience.waiting import until_available
from colonnade_runtime.serve.banner import Banner
from colonnade_runtime.serve.heartbeat import beating
from colonnade_runtime.serve.signals import Signals
from colonnade_runtime.serve.watchdog import Watchdog


async def serve_gateway(declared: Declared) -> None:
    """Forward requests to the processes that the platform declares.

    Raises:
        ConfigurationError: when the port is taken, or what is declared can never work.
    """
    platform = declared.loaded.platform
    banner = Banner.of(platform)
    watchdog = Watchdog(float(platform.shutdown.total))
    place = placement_of(platform, GATEWAY)
    limits = connection_limits(platform.gateway)
    allow_open_files(needed_files(limits.maximum, forwarding=True))
    port = platform.gateway.port or available_port(platform.gateway.host, 0)
    log = structlog.get_logger("gateway")
    vault = SecretVault(declared.plugins.adapters("secret_resolvers"))
    resolved = await vault.resolved(declared.loaded)
    vault.swap(resolved)
    discovery = _discovery(declared, vault)
    upstreams = Upstreams([] if discovery is not None else placements(platform))
    upstream_discovery = None
    if discovery is not None:
        upstream_discovery = UpstreamDiscovery(discovery, placements(platform), upstreams, log)
    applications = routes_of(declared.plugins)
    for application in applications.values():
        hide_secrets_of(application.routes)
    gateway = GatewayApplication(
        route_table(applications),
        upstreams,
        float(platform.gateway.timeout),
        log,
        Seal(signing_key(declared.loaded, vault)),
        TrustedProxies(platform.gateway.trusted_proxies),
        _documents(declared, declared.loaded),
        body_time=body_time(platform.gateway),
        health=Health(
            log,
            open_paths(place, production=platform.is_production),
            hosts_in(platform.model_dump(mode="json")),
        ),
        access_log=access_log_of(platform.logging),
    )
    gateway.cross_origin = CrossOrigin.of(declared.loaded)
    gateway.pages = pages_of(declared.loaded)
    lifecycle = Lifecycle(GATEWAY)
    lifecycle.starting(platform=declared.path)
    changes = GatewayReconfiguration(
        declared,
        gateway,
        lambda loaded: _documents(declared, loaded),
        upstreams.update if upstream_discovery is None else upstream_discovery.declare,
        vault,
        StartedSecrets(declared.loaded, resolved),
    )
    faults = gateway.health.faults.of("platform")
    reloader = Reloader(declared, changes.take_up, log, faults)
    signals = Signals(reloader.reload, watchdog.start)
    with signals.handled():
        async with (
            beating(),
            gateway.health.loop_lag.sampled(),
            administered_gateway(declared, gateway.health, reloader),
            health_listening(gateway.health, place.health_host, place.health_port),
            listening(gateway, platform.gateway.host, port, websockets=True, limits=limits),
            _discovered(discovery, upstream_discovery, gateway, log) as ready,
            _watching(reloader, platform.tenants.watch),
        ):
            started = await signals.unless_stopped(ready)
            if started:
                gateway.start()
                signals.ready()
                banner.process(
                    f"{GATEWAY} is ready on http://{platform.gateway.host}:{port}/api/v1"
                )
                lifecycle.ready(port=port)
                await signals.stopped.wait()
            lifecycle.stopping()
            notice = NOTICE_SECONDS if started else 0.0
            await gateway.stop(notice, float(platform.shutdown.drain))
    lifecycle.stopped()


_DISCOVERY_MEND = "Start what keeps the list of processes; until then the last one holds."


def _discovery(declared: Declared, vault: SecretVault) -> Discovery | None:
    loaded = declared.loaded
    adapters = Adapters(
        loaded, declared.plugins, vault, SystemClock(), lambda tenant: False, GATEWAY
    )
    return adapters.discovery()


@asynccontextmanager
async def _discovered(
    discovery: Discovery | None,
    upstream_discovery: UpstreamDiscovery | None,
    gateway: GatewayApplication,
    log: Any,
) -> AsyncIterator[Coroutine[Any, Any, None]]:
    """Start discovery, and undo it after the block."""
    if discovery is None or upstream_discovery is None:
        yield _nothing()
        return

    async def begin() -> None:
        stage = gateway.health.stage
        await until_available("discovery", lambda: discovery.start(()), stage, log)
        stage.started()
        gateway.health.degradations.add(
            [HealthCheck("discovery", discovery.check, _DISCOVERY_MEND)]
        )
        upstream_discovery.start()

    try:
        yield begin()
    finally:
        await upstream_discovery.stop()


@asynccontextmanager
async def _watching(reloader: Reloader, wanted: bool) -> AsyncIterator[None]:
    """Reload when files change, for the block and where that is declared."""
    if wanted:
        reloader.start()
    try:
        yield
    finally:
        await reloader.stop()


async def _nothing() -> None:
    """Routes and documents, from the declaration alone."""


def _documents(declared: Declared, loaded: LoadedPlatform) -> ApiDocuments:
    """The API's description: of the routes of all services, as one process would serve them."""
    if not loaded.platform.gateway.docs:
        return ApiDocuments(None)
    plugins = declared.plugins
    routes = [route for name in plugins.start_order for route in plugins.services[name].http_routes]
    # Not before somebody asks: all routes once more are a third of the gateway's start.
    return ApiDocuments(lambda: described(mounted(routes)))
