"""A whole platform over real HTTP, for tests: the same runtime that serves people."""

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import httpx

from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.edge.connections.limits import connection_limits
from colonnade_runtime.edge.listening import listening
from colonnade_runtime.process.runtime import Runtime


@dataclass(frozen=True, slots=True)
class RunningPlatform:
    """A platform that answers on `url` until the test ends."""

    runtime: Runtime
    url: str

    def client(self, tenant: str, token: str | None = None) -> httpx.AsyncClient:
        """A client of one academy; `token` is an access token."""
        headers = {"X-Tenant": tenant}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return httpx.AsyncClient(base_url=f"{self.url}/api/v1", headers=headers, timeout=30)


@asynccontextmanager
async def running_platform(
    declaration: Path,
    *,
    settings: Sequence[str] = (),
    plugins: Sequence[ModuleType] = (),
) -> AsyncIterator[RunningPlatform]:
    """Start what `declaration` (a platform.yaml) says on a free port; stop it in order after.

    `plugins` are modules that are used without being installed.
    """
    port = _free_port()
    chosen = [*settings, f"gateway.port={port}", "logging.access=false"]
    declared = read_declaration(declaration, chosen, extra=plugins)
    runtime = Runtime(declared)
    limits = connection_limits(declared.loaded.platform.gateway)
    async with listening(runtime.edge, "127.0.0.1", port, limits=limits):
        await runtime.start()
        try:
            yield RunningPlatform(runtime, f"http://127.0.0.1:{port}")
        finally:
            await runtime.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
