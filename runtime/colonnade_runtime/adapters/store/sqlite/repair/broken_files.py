"""The condition of a service's files: which are broken, and whether they work again by now."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from colonnade.background_tasks import background_task, cancel_tasks
from colonnade.errors import NotFound
from colonnade.faults import Faults
from colonnade_runtime.adapters.store.sqlite.files.failures import (
    DISK_FULL,
    ControlStoreFailure,
    StoreFailure,
)

LOOK_SECONDS = 2.0
"""How long after a failure, or after the last look, a broken file is tried again."""

STEADY_SECONDS = 10.0
"""How long nothing may fail for want of room until a disk counts as one that has some again."""

LOOKED_AT_ONCE = 50
"""Broken files that one look tries; the others are tried at the next."""


class BrokenFiles:
    """Reports the broken files of one service, and withdraws that when a trial succeeds.

    `tried` takes a tenant and the kind of fault, uses the file, and raises if it cannot. Only that
    says that a file works: of a damaged one some pages can be read, and others cannot. Nothing
    runs while nothing is broken. Used from one event loop.
    """

    def __init__(
        self, faults: Faults, tried: Callable[[str, str], Awaitable[None]], log: Any
    ) -> None:
        self._faults = faults
        self._tried = tried
        self._log = log
        self._broken: dict[str, str] = {}
        self._looking: asyncio.Task[None] | None = None
        self._closed = False
        self._full_at = 0.0

    @property
    def broken(self) -> dict[str, str]:
        """The tenants whose file is broken, with the kind of fault."""
        return dict(self._broken)

    def failed(self, tenant: str, error: StoreFailure) -> None:
        """Note a failure of a tenant's file; one that passes by itself is no fault."""
        if not is_fault(error):
            return
        self._report(tenant, error)
        if self._looking is None and not self._closed:
            self._looking = background_task(self._keep_looking(), name="broken stores")

    async def close(self) -> None:
        """Try no more."""
        self._closed = True
        looking, self._looking = self._looking, None
        if looking is not None:
            await cancel_tasks({looking})

    async def look(self) -> None:
        """Try the broken files once, those first that were not tried for longest."""
        for tenant, kind in list(self._broken.items())[:LOOKED_AT_ONCE]:
            try:
                await self._tried(tenant, kind)
            except StoreFailure as error:
                if is_fault(error):
                    self._report(tenant, error)
            except NotFound:
                # Its declaration is gone: nobody misses the file.
                self._mended(tenant)
            except Exception as error:
                self._log.warning("store not tried", tenant=tenant, error=error)
            else:
                self._passed(tenant, kind)

    async def _keep_looking(self) -> None:
        while self._broken:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()
        self._looking = None

    def _report(self, tenant: str, error: StoreFailure) -> None:
        if error.kind == DISK_FULL:
            self._full_at = time.monotonic()
        before = self._broken.pop(tenant, None)
        self._broken[tenant] = error.kind
        if before is not None and before != error.kind:
            self._withdraw(tenant, before)
        self._faults.report(
            error.kind, error.reason, mend=error.mend, tenant=_whose(error.kind, tenant)
        )

    def _passed(self, tenant: str, kind: str) -> None:
        steady = time.monotonic() - self._full_at >= STEADY_SECONDS
        if kind != DISK_FULL or steady:
            return self._mended(tenant)
        # Behind the others, so that each is tried in turn.
        self._broken[tenant] = self._broken.pop(tenant)
        return None

    def _mended(self, tenant: str) -> None:
        kind = self._broken.pop(tenant, None)
        if kind is not None:
            self._withdraw(tenant, kind)

    def _withdraw(self, tenant: str, kind: str) -> None:
        # A disk is full for all its academies: one fault, until the last of them can write.
        if kind != DISK_FULL or kind not in self._broken.values():
            self._faults.withdraw(kind, tenant=_whose(kind, tenant))


def is_fault(error: StoreFailure) -> bool:
    """Tell whether a tenant's own file is broken, and does not come right by waiting."""
    return bool(error.kind) and not isinstance(error, ControlStoreFailure)


def _whose(kind: str, tenant: str) -> str:
    return "" if kind == DISK_FULL else tenant
