"""Reload of tenants, policies and log level: validated whole, swapped at once, or not at all."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from watchfiles import awatch

from colonnade.errors import ColonnadeError
from colonnade_runtime.declaration import DeclarationError, LoadedPlatform, load_platform
from colonnade_runtime.logs import configure_logs
from colonnade_runtime.plugin_loader import Plugins

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
        path: Path,
        settings: Sequence[str],
        loaded: LoadedPlatform,
        plugins: Plugins,
        apply: Callable[[LoadedPlatform], Any],
        log: Any,
    ) -> None:
        self._path = path
        self._settings = settings
        self._loaded = loaded
        self._plugins = plugins
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
                loaded = await asyncio.to_thread(self._read)
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

    def _read(self) -> LoadedPlatform:
        return load_platform(
            self._path,
            settings=self._settings,
            config_models=self._plugins.config_models(),
            tenant_config_models=self._plugins.tenant_config_models(),
            extension_config_models=self._plugins.extension_config_models(),
        )

    def _report(self, loaded: LoadedPlatform) -> None:
        before, after = self._loaded.platform, loaded.platform
        changed = [key for key in RESTART_KEYS if getattr(before, key) != getattr(after, key)]
        if changed:
            self._log.warning("some changes need a restart", keys=changed)
        if before.logging != after.logging:
            configure_logs(after.logging.level, after.logging.format)
        self._log.info("reloaded", tenants=len(loaded.tenants), digest=loaded.digest)

    async def _watch(self) -> None:
        folders = {self._loaded.tenants_folder, self._loaded.policies_folder, self._path.parent}
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
