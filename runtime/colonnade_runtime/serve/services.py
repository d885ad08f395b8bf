"""Serves a runtime over HTTP and listens to signals, until told to stop."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import structlog
import uvloop

from colonnade_runtime.adapters.disk.private_files import keep_files_private
from colonnade_runtime.admin.running import Administration, administered
from colonnade_runtime.assembly.declared import Declared, read_declaration
from colonnade_runtime.declaration.model.networks import networks_of_strangers
from colonnade_runtime.declaration.model.placement import (
    EVERYTHING,
    GATEWAY,
    Placement,
    placement_of,
)
from colonnade_runtime.declaration.open_files import allow_open_files, needed_files
from colonnade_runtime.edge.connections.limits import connection_limits
from colonnade_runtime.edge.health.listener import health_listening
from colonnade_runtime.edge.listening import available_port, listening
from colonnade_runtime.network.own_addresses import refuse_foreign_hosts
from colonnade_runtime.observability.lifecycle import Lifecycle
from colonnade_runtime.observability.logs import configure_logs
from colonnade_runtime.process.runtime import Runtime
from colonnade_runtime.serve.banner import Banner, shown_tenants
from colonnade_runtime.serve.heartbeat import beating
from colonnade_runtime.serve.memory import (
    give_back_large_blocks,
    set_imports_aside,
    settle_memory,
)
from colonnade_runtime.serve.signals import Signals
from colonnade_runtime.serve.switch_interval import share_the_lock
from colonnade_runtime.serve.watchdog import Watchdog


def serve(
    path: Path,
    settings: Sequence[str] = (),
    process: str | None = None,
    replica: int = 1,
    known: Declared | None = None,
) -> None:
    """Run one process of the platform, or all of it in one, until it is told to stop.

    `known` is what was read of the same files with the same settings before.

    Raises:
        ConfigurationError: when what is declared cannot run.
    """
    set_imports_aside()
    declared = read_declaration(path, settings) if known is None else known.or_read_again()
    section = declared.loaded.platform.logging
    configure_logs(section.level, section.format, section.client_address)
    for _, sentence in networks_of_strangers(declared.loaded.platform.gateway.trusted_proxies):
        structlog.get_logger("gateway").warning("a trusted proxy is anybody", problem=sentence)
    give_back_large_blocks()
    share_the_lock()
    keep_files_private(declared.loaded)
    place = placement_of(declared.loaded.platform, process, replica)
    refuse_foreign_hosts(place)
    if place.process == GATEWAY:
        # Here, since it brings an HTTP client that the others do without.
        from colonnade_runtime.serve.gateway import serve_gateway

        uvloop.run(serve_gateway(declared))
    else:
        uvloop.run(_serve(declared, place))


async def _serve(declared: Declared, place: Placement) -> None:
    banner = Banner.of(declared.loaded.platform)
    watchdog = Watchdog(float(declared.loaded.platform.shutdown.total))
    # One that is declared is tried later, so that a second process hears first that it is one.
    host, port = place.host, place.port or available_port(place.host, 0)
    place = replace(place, port=port)
    lifecycle = Lifecycle(place.name)
    lifecycle.starting(platform=declared.path)
    runtime = Runtime(declared, place=place, announce=banner.announce)
    gateway = declared.loaded.platform.gateway
    limits = connection_limits(gateway, behind=place.process != EVERYTHING)
    allow_open_files(needed_files(limits.maximum, forwarding=False))
    signals = Signals(runtime.reloader.reload, watchdog.start)
    with signals.handled():
        async with (
            beating(),
            runtime.edge.health.loop_lag.sampled(),
            administered(runtime, f"colonnade run {place.process}") as administration,
            health_listening(runtime.edge.health, place.health_host, place.health_port),
            listening(runtime.edge, host, port, limits=limits),
        ):
            if await signals.unless_stopped(runtime.start()):
                settle_memory()
                signals.ready()
                administration.open()
                tenants = len(declared.loaded.tenants)
                lifecycle.ready(port=port, services=place.services, tenants=tenants)
                # Last, since it may take a while: passwords are held against accounts.
                await signals.unless_stopped(_show_banner(banner, runtime, place, port))
                await signals.stopped.wait()
            lifecycle.stopping()
            await _stop(runtime, administration)
    lifecycle.stopped()


async def _stop(runtime: Runtime, administration: Administration) -> None:
    """Stop in order, a little sooner than the watchdog would."""
    total = float(runtime.declared.loaded.platform.shutdown.total)
    try:
        async with asyncio.timeout(total * 0.9):
            await administration.close()
            await runtime.stop()
    except TimeoutError:
        structlog.get_logger("colonnade").error(
            "stopping took longer than shutdown.total; what was left goes on at the next start",
            seconds=total,
        )


async def _show_banner(banner: Banner, runtime: Runtime, place: Placement, port: int) -> None:
    loaded = runtime.declared.loaded
    if place.process == EVERYTHING:
        standings = await runtime.owner_standings(shown_tenants(loaded))
        banner.platform(loaded, port, standings)
    else:
        banner.process(f"{place.name} is ready: {', '.join(place.services)} on {place.url}")
