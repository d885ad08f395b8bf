"""The `sqlite:` store adapter: every service's store and control store below one folder."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

from colonnade.adapters import AdapterContext, StoreFigures
from colonnade.clock import Clock
from colonnade.errors import ConfigurationError
from colonnade.faults import Faults, NoFaults
from colonnade.rows.row_tracking import Left
from colonnade.services import StoreNeed
from colonnade_runtime.adapters.disk.folder_lock import FolderLocks, unwritable
from colonnade_runtime.adapters.store.sqlite.control.control_store import SqliteControlStore
from colonnade_runtime.adapters.store.sqlite.files.open_files import DEFAULT_MAXIMUM_OPEN, OpenFiles
from colonnade_runtime.adapters.store.sqlite.files.paths import ServiceFiles
from colonnade_runtime.adapters.store.sqlite.schema.provisioning import ContextSource
from colonnade_runtime.adapters.store.sqlite.store import SqliteStore
from colonnade_runtime.adapters.store.sqlite.write_unit import Guard
from colonnade_runtime.adapters.store.sqlite.writes import Invalidation

THREADS = 4
"""Writes wait for the disk, so a few threads keep it busy whatever the number of cores."""


class SqliteStores:
    """Makes stores that share their threads and their limit of open files.

    `maximum_open` counts files over all services and tenants; each takes up to five file
    descriptors. `executor` runs what blocks, instead of `threads` threads of its own. `shared`
    says that other processes on this machine host the same services.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        is_known: Callable[[str], bool],
        *,
        maximum_open: int = DEFAULT_MAXIMUM_OPEN,
        threads: int = THREADS,
        executor: Executor | None = None,
        shared: bool = False,
        faults: Callable[[str], Faults] = lambda source: NoFaults(),
    ) -> None:
        self._faults = faults
        self.folder = folder
        self._shared = shared
        self._locks = FolderLocks(folder, shared=shared)
        self._clock = clock
        self._is_known = is_known
        self._executor = executor or ThreadPoolExecutor(threads, thread_name_prefix="store")
        self.open_files = OpenFiles(self._executor, maximum=maximum_open)
        self._controls: dict[str, SqliteControlStore] = {}
        self._stores: list[SqliteStore] = []

    def control(self, service: str) -> SqliteControlStore:
        """The control store of a service; its file is opened on first use."""
        if service not in self._controls:
            path = ServiceFiles(self.folder, service).control
            faults = self._faults(service)
            self._controls[service] = SqliteControlStore(path, self._clock, self._executor, faults)
        return self._controls[service]

    def store(
        self,
        service: str,
        need: StoreNeed,
        *,
        service_context: ContextSource | None = None,
        guard: Guard | None = None,
        invalidation: Invalidation | None = None,
        on_published: Callable[[str, Left], None] | None = None,
    ) -> SqliteStore:
        """The store of a service; a tenant's file is made or opened on first use."""
        store = SqliteStore(
            service,
            self.folder,
            need,
            self._clock,
            executor=self._executor,
            open_files=self.open_files,
            control=self.control(service),
            is_known=self._is_known,
            service_context=service_context,
            guard=guard,
            invalidation=invalidation,
            on_published=on_published,
            faults=self._faults(service),
        )
        self._stores.append(store)
        if self._shared:
            self.control(service).while_still = store.while_still
        return store

    async def start(self, services: Sequence[str]) -> None:
        """Lock what these services keep in the folder.

        Raises:
            ConfigurationError: when another process has it, or it cannot be written.
        """
        await asyncio.to_thread(self._locks.acquire, services)

    async def check(self) -> str | None:
        """Check that tables can be written."""
        return await asyncio.to_thread(unwritable, self.folder)

    def figures(self) -> StoreFigures:
        """Figures of how its files are used now."""
        return StoreFigures(
            open=len(self.open_files),
            opened=self.open_files.opened,
            evicted=self.open_files.evicted,
            waiting=sum(store.waiting for store in self._stores),
        )

    async def close(self, deadline: float = 10.0) -> None:
        """Let running transactions end within `deadline` seconds, close everything."""
        await asyncio.gather(*(store.close(deadline) for store in self._stores))
        await self.open_files.close()
        for control in self._controls.values():
            await control.close()
        self._executor.shutdown(wait=False)
        self._locks.release()

    def abandon(self) -> None:
        """Let go of everything at once, as the end of the process would: what has not committed
        never happens. Whatever used the stores must run no more."""
        self.open_files.abandon()
        for control in self._controls.values():
            control.abandon()
        self._locks.release()


def sqlite_stores(
    context: AdapterContext, *, maximum_open: int = DEFAULT_MAXIMUM_OPEN
) -> SqliteStores:
    """The adapter for `sqlite:<folder>`; a relative folder is below the platform's.

    Raises:
        ConfigurationError: when the URL names no folder.
    """
    scheme, _, folder = context.url.partition(":")
    if scheme != "sqlite" or not folder or folder.startswith("//") or "?" in folder:
        raise ConfigurationError(
            f"'{context.url}' names no folder for SQLite files: write sqlite:var/data, "
            "or sqlite:/srv/colonnade for an absolute path."
        )
    path = context.root / folder
    return SqliteStores(
        path,
        context.clock,
        context.is_known,
        maximum_open=maximum_open,
        shared=context.replicas > 1,
        faults=context.faults,
    )
