"""Serves a runtime over HTTP and listens to signals, until told to stop."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import click
import structlog
import uvloop
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from colonnade.errors import ConfigurationError
from colonnade_runtime.admin.serving import Administration, administered
from colonnade_runtime.greeting import greeting
from colonnade_runtime.library_logs import granian_logs
from colonnade_runtime.logs import configure_logs
from colonnade_runtime.runtime import Declared, Runtime, read_declaration
from colonnade_runtime.signals import Signals
from colonnade_runtime.watchdog import Watchdog


def serve(path: Path, settings: Sequence[str] = ()) -> None:
    """Run the platform until it is told to stop.

    Raises:
        ConfigurationError: when what is declared cannot run.
    """
    declared = read_declaration(path, settings)
    section = declared.loaded.platform.logging
    configure_logs(section.level, section.format)
    uvloop.run(_serve(declared))


async def _serve(declared: Declared) -> None:
    runtime = Runtime(declared)
    watchdog = Watchdog(float(declared.loaded.platform.shutdown.total))
    gateway = declared.loaded.platform.gateway
    host, port = gateway.host, available_port(gateway.host, gateway.port)
    signals = Signals(runtime.reloader.reload, watchdog.start)
    with signals.handled():
        async with (
            administered(runtime, "colonnade run") as administration,
            listening(runtime, host, port),
        ):
            if await signals.unless_stopped(runtime.start()):
                settle_memory()
                signals.ready()
                administration.open()
                click.echo(greeting(declared.loaded, port))
                await signals.stopped.wait()
            await _stop(runtime, administration)


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


def settle_memory() -> None:
    """Let the garbage collector leave alone what was made to start: it stays for good.

    Otherwise every full collection looks at all of it, and holds up every request meanwhile. A
    session of the ORM makes a few hundred objects, so young ones are looked at less often.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


@asynccontextmanager
async def listening(runtime: Runtime, host: str, port: int) -> AsyncIterator[None]:
    """Serve the runtime's gateway over HTTP for the block.

    Raises:
        ConfigurationError: when the port is taken or may not be used.
    """
    available_port(host, port)
    server = Server(
        runtime.gateway,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        log_level=LogLevels.error,
        log_dictconfig=granian_logs(),
        websockets=False,
    )
    task = asyncio.create_task(server.serve(), name="listener")
    try:
        yield
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait_for(task, 5)


def available_port(host: str, port: int) -> int:
    """The port, or a free one for 0.

    Raises:
        ConfigurationError: when it is taken or may not be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigurationError(
                f"Cannot listen on {host}:{port}: {error.strerror or error}. "
                "Stop what uses it, or set another with --set gateway.port=8001."
            ) from None
        found: int = probe.getsockname()[1]
        return found


__all__ = ["available_port", "listening", "serve"]
