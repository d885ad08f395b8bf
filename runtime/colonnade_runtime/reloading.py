"""Reload of tenants, policies and log level: validated whole, swapped at once, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from watchfiles import awatch

from colonnade.errors import ColonnadeError
from colonnade_runtime.declaration import DeclarationError, LoadedPlatform
from colonnade_runtime.declared import Declared
from colonnade_runtime.logs import configure_logs

QUIET_MILLISECONDS = 50
"""How long files must rest before they are read; an editor writes in several steps."""

RESTART_KEYS = (
    "environment",
    "services",
    "plugins",
    "processes",
    "stores",
    "bus",
    "gateway",
    "shutdown",
)
"""Parts of platform.yaml that a running process does not take up."""


class Reloader:
    """Reads the declaration again on SIGHUP and when its files change."""

    def __init__(
        self,
        declared: Declared,
        apply: Callable[[LoadedPlatform], Awaitable[None]],
        log: Any,
    ) -> None:
        self._declared = declared
        self._loaded = declared.loaded
        self._apply = apply
        self._log = log
        self._one_at_a_time = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._stopped = asyncio.Event()

    def start(self) -> None:
        """Watch the files."""
        self._watching = asyncio.create_task(self._watch(), name="reloader")

    async def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()
        if self._watching is not None:
            await asyncio.wait_for(self._watching, 5)

    async def reload(self) -> bool:
        """Read everything again and take it up; False when it is wrong and nothing changed."""
        async with self._one_at_a_time:
            try:
                loaded = await asyncio.to_thread(self._declared.read_again)
                await self._apply(loaded)
            except DeclarationError as error:
                problems = [str(problem) for problem in error.problems]
                self._log.error("reload refused; nothing changed", problems=problems)
                return False
            except ColonnadeError as error:
                self._log.error("reload refused; nothing changed", problems=[error.message])
                return False
            self._report(loaded)
            self._loaded = loaded
            return True

    def _report(self, loaded: LoadedPlatform) -> None:
        before, after = self._loaded.platform, loaded.platform
        changed = [key for key in RESTART_KEYS if getattr(before, key) != getattr(after, key)]
        if changed:
            self._log.warning("some changes need a restart", keys=changed)
        if before.logging != after.logging:
            configure_logs(after.logging.level, after.logging.format)
        self._log.info("reloaded", tenants=len(loaded.tenants), digest=loaded.digest)

    async def _watch(self) -> None:
        folders = {
            self._loaded.tenants_folder,
            self._loaded.policies_folder,
            self._declared.path.parent,
        }
        changes = awatch(
            *folders,
            watch_filter=lambda change, path: path.endswith((".yaml", ".rego")),
            stop_event=self._stopped,
            step=QUIET_MILLISECONDS,
            debounce=QUIET_MILLISECONDS * 4,
            recursive=False,
        )
        async for _ in changes:
            await self.reload()
