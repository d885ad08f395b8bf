"""The sweeper: makes sure that no pending row is overlooked, at a cost that follows the work."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from colonnade.background_tasks import background_task, cancel_tasks
from colonnade.clock import Clock
from colonnade.rows.row_tracking import ANY_TABLE, Left, RowKey
from colonnade_runtime.background.events.ports import ANYTHING, Sweepable, WorkIndex

FOLLOW_SECONDS = 0.05
"""How often the owner looks for commits of other processes that host the same service."""


class Sweeper:
    """Wakes the parts that work off a service's rows: after each commit, at start for every
    tenant that the work index names, and again every `interval` seconds.

    A tenant is forgotten only after it was quiet for `quiet` seconds and every part then found
    nothing of it, so that a busy tenant costs no write to the index. Nobody is woken while
    `owns` says that another process does the service's background work. What other processes
    commit is looked for often where `changed` says of a tenant that one has. A tenant stays named,
    and nobody is woken for it, while `waits` says that something there needs an operator.
    """

    def __init__(
        self,
        service: str,
        index: WorkIndex,
        parts: Sequence[Sweepable],
        is_known: Callable[[str], bool],
        owns: Callable[[], bool],
        clock: Clock,
        log: Any,
        *,
        interval: float = 5.0,
        quiet: float = 30.0,
        changed: Callable[[str], bool | None] | None = None,
        waits: Callable[[str], Awaitable[bool]] | None = None,
    ) -> None:
        self._waits = waits
        self._service = service
        self._index = index
        self._parts = tuple(parts)
        self._is_known = is_known
        self._owns = owns
        self._clock = clock
        self._log = log
        self._interval = interval
        self.quiet = quiet
        self._changed = changed
        self._named: set[str] = set()
        self._unswept: set[str] = set()
        self.woken_at: dict[str, float] = {}
        self._thread = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()

    async def start(self) -> None:
        """Wake the parts for what an earlier process left behind, and keep looking."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        await self.sweep()
        watches = [(self.sweep, self._interval)]
        if self._changed is not None:
            watches.append((self._follow, FOLLOW_SECONDS))
        for look, seconds in watches:
            name = f"sweeper:{self._service}:{look.__name__}"
            self._tasks.add(background_task(self._watch(look, seconds), name=name))

    async def stop(self) -> None:
        """Wake nobody any more."""
        self._stopping.set()
        await cancel_tasks(self._tasks)

    def wake(self, tenant: str, left: Left = ANYTHING) -> None:
        """A commit left work for the tenant, which `left` names. May be called from any
        thread."""
        if self._loop is None or self._stopping.is_set():
            return
        if threading.get_ident() == self._thread:
            self._wake(tenant, left)
        else:
            self._loop.call_soon_threadsafe(self._wake, tenant, left)

    async def sweep(self) -> None:
        """Look once at every tenant that the index names."""
        if not self._owns():
            return
        for tenant in await self._index.tenants_with_work():
            # One whose declaration is gone waits for it to come back.
            if not self._is_known(tenant):
                continue
            try:
                await self._sweep(tenant)
            except Exception as error:
                self._tell(tenant, error)
            else:
                self._unswept.discard(tenant)

    def _tell(self, tenant: str, error: Exception) -> None:
        """Say it once until it works again; what is a fault was said as that."""
        if tenant in self._unswept or bool(getattr(error, "kind", "")):
            return
        self._unswept.add(tenant)
        self._log.error("tenant not swept", tenant=tenant, error=error)

    async def _sweep(self, tenant: str) -> None:
        now = self._clock.monotonic()
        woken_at = self.woken_at.setdefault(tenant, now)
        if now - woken_at < self.quiet or not await self._forget(tenant):
            self._wake_parts(tenant)

    async def _forget(self, tenant: str) -> bool:
        """Forget the tenant if it is quiet; True also where it only waits for an operator."""
        mark = await self._index.start_sweep(tenant)
        if await self._has_work(tenant):
            return False
        if self._waits is not None and await self._waits(tenant):
            return True
        if not await self._index.forget_work(tenant, mark):
            return False
        self.woken_at.pop(tenant, None)
        return True

    def _wake(self, tenant: str, left: Left) -> None:
        if not self._owns():
            # The owner finds the row at its next look at the index.
            return
        self.woken_at[tenant] = self._clock.monotonic()
        self._wake_parts(tenant, left)

    def _wake_parts(self, tenant: str, left: Left = ANYTHING) -> None:
        for part in self._parts:
            theirs = {each for each in left if _table_of(each) in (part.table, ANY_TABLE)}
            if theirs:
                part.wake(tenant, theirs)

    async def _has_work(self, tenant: str) -> bool:
        for part in self._parts:
            if await part.has_work(tenant):
                return True
        return False

    async def _follow(self) -> None:
        """Wake the parts for what other processes commit."""
        if not self._owns() or self._changed is None:
            # Whoever becomes the owner knows of nobody.
            self._named = set()
            return
        named = set(await self._index.tenants_with_work())
        for tenant in named:
            if self._is_known(tenant) and (tenant not in self._named or self._changed(tenant)):
                self.woken_at[tenant] = self._clock.monotonic()
                self._wake_parts(tenant)
        self._named = named

    async def _watch(self, look: Callable[[], Awaitable[None]], seconds: float) -> None:
        while not self._stopping.is_set():
            await asyncio.sleep(seconds)
            try:
                await look()
            except Exception as error:
                self._log.error("work index not readable", service=self._service, error=error)


def _table_of(left: RowKey | str) -> str:
    return left if isinstance(left, str) else left[0]
