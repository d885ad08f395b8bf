"""Serves a runtime over HTTP and listens to signals, until told to stop."""

import asyncio
import os
import signal
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
from colonnade_runtime.admin.serving import administered
from colonnade_runtime.library_logs import granian_logs
from colonnade_runtime.logs import configure_logs
from colonnade_runtime.runtime import Declared, Runtime, read_declaration


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
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopped.is_set():
            # Asked twice: whoever did means now.
            os._exit(130)
        stopped.set()

    reloads: set[asyncio.Task[bool]] = set()

    def reload() -> None:
        task = loop.create_task(runtime.reloader.reload(), name="reload on SIGHUP")
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    gateway = declared.loaded.platform.gateway
    async with (
        administered(runtime, "colonnade run") as administration,
        listening(runtime, gateway.host, gateway.port),
    ):
        await runtime.start()
        administration.open()
        loop.add_signal_handler(signal.SIGHUP, reload)
        _greet(declared)
        await stopped.wait()
        total = declared.loaded.platform.shutdown.total
        try:
            async with asyncio.timeout(float(total)):
                await administration.close()
                await runtime.stop()
        except TimeoutError:
            structlog.get_logger("colonnade").error(
                "stopping took longer than shutdown.total; what was left goes on at the next start",
                seconds=float(total),
            )


@asynccontextmanager
async def listening(runtime: Runtime, host: str, port: int) -> AsyncIterator[None]:
    """Serve the runtime's gateway over HTTP for the block.

    Raises:
        ConfigurationError: when the port is taken or may not be used.
    """
    _check_port(host, port)
    server = Server(
        runtime.gateway,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        log_level=LogLevels.warning,
        log_dictconfig=granian_logs(),
        websockets=False,
    )
    task = asyncio.create_task(server.serve(), name="listener")
    try:
        yield
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait_for(task, 5)


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigurationError(
                f"Cannot listen on {host}:{port}: {error.strerror}. "
                "Stop what uses it, or set another with --set gateway.port=8001."
            ) from None


def _greet(declared: Declared) -> None:
    gateway = declared.loaded.platform.gateway
    tenants = list(declared.loaded.tenants.values())[:10]
    lines = [
        f"  {tenant.name}: http://{tenant.id}.{gateway.domain}:{gateway.port}/api/v1 "
        f"(owner {tenant.owner.email})"
        for tenant in tenants
    ]
    click.echo("\n".join(["Colonnade is ready.", *lines]))


__all__ = ["listening", "serve"]
