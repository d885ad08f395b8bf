"""Listens for HTTP on an address."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from colonnade.errors import ConfigurationError
from colonnade_runtime.edge.connections.limits import ConnectionLimits
from colonnade_runtime.edge.connections.monitor import ConnectionMonitor, watched
from colonnade_runtime.observability.library_logs import granian_logs

NOTICE_SECONDS = 1.0
"""Seconds that a process announces its stop beforehand: load balancers look for that at least twice
in this time."""


CLOSING_SECONDS = 2.0
"""Seconds that open connections are waited for once requests are no longer answered."""


MAXIMUM_BACKLOG = 4096
"""Connections that wait to be accepted; the system may allow fewer (net.core.somaxconn)."""


@asynccontextmanager
async def listening(
    application: Any,
    host: str,
    port: int,
    *,
    websockets: bool = False,
    limits: ConnectionLimits | None = None,
) -> AsyncIterator[None]:
    """Serve an ASGI application over HTTP for the block, with bounds on its connections.

    Raises:
        ConfigurationError: when the port is taken or may not be used.
    """
    available_port(host, port)
    limits = limits or ConnectionLimits()
    watch = ConnectionMonitor(port, limits)
    server = Server(
        watched(application, watch),
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        log_level=LogLevels.error,
        log_dictconfig=granian_logs(),
        websockets=websockets,
        # Those that wait to be accepted, and those that are.
        backlog=min(limits.maximum, MAXIMUM_BACKLOG),
        backpressure=limits.maximum,
        # One timer of the server is for both; the watch tells them apart.
        http1_settings=HTTP1Settings(
            header_read_timeout=round(max(limits.head, limits.idle) * 1000)
        ),
    )
    watch.start()
    task = asyncio.create_task(server.serve(), name="listener")
    try:
        yield
    finally:
        watch.stop()
        server.stop()  # type: ignore[no-untyped-call]
        # A client that neither reads nor hangs up keeps the server; all behind it is closed by now.
        done, _ = await asyncio.wait({task}, timeout=CLOSING_SECONDS)
        if done:
            await task
        else:
            task.cancel()


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
