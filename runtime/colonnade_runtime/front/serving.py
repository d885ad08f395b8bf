"""Serves the process in front, until told to stop."""

import click
import structlog

from colonnade_runtime.declared import Declared
from colonnade_runtime.front.application import Front
from colonnade_runtime.listening import available_port, listening
from colonnade_runtime.signals import Signals
from colonnade_runtime.watchdog import Watchdog


async def serve_front(declared: Declared) -> None:
    """Forward requests to the processes that the platform declares.

    Raises:
        ConfigurationError: when the port is taken.
    """
    platform = declared.loaded.platform
    front = Front(declared.loaded, declared.plugins, structlog.get_logger("front"))
    watchdog = Watchdog(float(platform.shutdown.total))
    signals = Signals(_nothing_to_reload, watchdog.start)
    port = available_port(platform.gateway.host, platform.gateway.port)
    with signals.handled():
        async with listening(front, platform.gateway.host, port):
            signals.ready()
            click.echo(f"gateway is ready on http://{platform.gateway.host}:{port}/api/v1")
            await signals.stopped.wait()
            await front.stop(float(platform.shutdown.drain))


async def _nothing_to_reload() -> bool:
    return True
