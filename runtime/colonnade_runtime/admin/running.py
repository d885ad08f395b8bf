"""The admin socket of a running process, from before it starts until it has stopped."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from colonnade_runtime.admin.commands.table import COMMANDS
from colonnade_runtime.admin.platform import AdminPlatform
from colonnade_runtime.admin.server import AdminServer
from colonnade_runtime.assembly.declared import Declared
from colonnade_runtime.declaration.model.placement import GATEWAY
from colonnade_runtime.edge.health.endpoints import Health
from colonnade_runtime.process.reloading import Reloader
from colonnade_runtime.process.runtime import Runtime
from colonnade_runtime.process.socket_file import claimed

STOP_SECONDS = 5.0
"""Seconds that running commands may take to end when the process stops."""


@asynccontextmanager
async def administered_gateway(
    declared: Declared, health: Health, reloader: Reloader
) -> AsyncIterator[None]:
    """The same for the gateway, which says how it is and does nothing else.

    Raises:
        AlreadyRuns: another process is in front of this platform.
        ConfigurationError: the socket cannot be made.
    """
    with claimed(declared.loaded.root, GATEWAY, f"colonnade run {GATEWAY}") as listener:
        server = AdminServer(listener, COMMANDS, structlog.get_logger("admin"))
        await server.start()
        server.open(AdminPlatform.of_gateway(declared, health, reloader))
        try:
            yield
        finally:
            await server.stop(STOP_SECONDS)


@asynccontextmanager
async def administered(runtime: Runtime, purpose: str) -> AsyncIterator["Administration"]:
    """Listen on the admin socket for the block; calls wait until `open`.

    Whoever owns the socket owns the platform's files, so this comes before anything is opened.

    Raises:
        AlreadyRuns: another process works on this platform.
        ConfigurationError: the socket cannot be made.
    """
    with claimed(runtime.declared.loaded.root, runtime.place.name, purpose) as listener:
        server = AdminServer(listener, COMMANDS, structlog.get_logger("admin"))
        await server.start()
        administration = Administration(runtime, server)
        try:
            yield administration
        finally:
            await administration.close()


class Administration:
    """The admin server of one runtime."""

    def __init__(self, runtime: Runtime, server: AdminServer) -> None:
        self._runtime = runtime
        self.server = server

    def open(self) -> None:
        """The runtime has started: answer."""
        self.server.open(AdminPlatform.of(self._runtime))

    async def close(self) -> None:
        """Let running commands end and take no more, before the runtime stops."""
        await self.server.stop(STOP_SECONDS)
