"""Ownership: one process at a time does a service's background work."""

import asyncio
from typing import Any, Protocol

from colonnade.background_tasks import background_task
from colonnade.clock import Clock
from colonnade.control_store import Lease
from colonnade.errors import Unavailable

LOOK_SECONDS = 0.5
"""How often a process that does not own the work looks whether it may."""


class LeaseStore(Protocol):
    """The part of a control store that gives out leases."""

    async def acquire_lease(self, name: str, owner: str, seconds: float) -> Lease | None:
        """The lease, if it is free, expired or already `owner`'s; else nothing."""
        ...

    async def renew_lease(self, lease: Lease, seconds: float) -> Lease | None:
        """The lease for longer; nothing when somebody else has taken it since."""
        ...

    async def release_lease(self, lease: Lease) -> None:
        """Give the lease back."""
        ...


class Ownership:
    """Holds the lease `name` for as long as it can, and tries to get it while it cannot.

    `owner` names the process and stays the same over its restarts, so that a process that was
    killed takes its own lease back at once. `seconds` is how long the others wait otherwise; a
    lease that was given back they take within a second.
    """

    def __init__(
        self,
        leases: LeaseStore,
        name: str,
        owner: str,
        clock: Clock,
        log: Any,
        *,
        seconds: float = 30.0,
    ) -> None:
        self._leases = leases
        self._name = name
        self._owner = owner
        self._clock = clock
        self._log = log.bind(lease=name)
        self._seconds = seconds
        self._lease: Lease | None = None
        self._renewed = 0.0
        self._task: asyncio.Task[None] | None = None
        self._holding: asyncio.Task[None] | None = None
        self._claims = True

    @property
    def lease(self) -> Lease | None:
        """The lease while it is surely held, else nothing. May be asked from any thread."""
        age = self._clock.monotonic() - self._renewed
        return self._lease if age < self._seconds else None

    async def start(self) -> None:
        """Try to get the lease now, and keep it or keep trying, also while its store is broken."""
        try:
            await self.hold()
        except Unavailable as error:
            self._log.error("lease not taken", error=error)
        self._task = background_task(self._keep(), name=f"lease:{self._name}")

    def claim_no_more(self) -> None:
        """Keep what is held, and take nothing from now on: this process is stopping, and would
        only keep the lease from those that work."""
        self._claims = False

    async def stop(self) -> None:
        """Give the lease back."""
        self._claims = False
        if self._task is not None:
            self._task.cancel()
            # What has been asked of the store happens all the same: wait, then give that back too.
            asked = {task for task in (self._task, self._holding) if task is not None}
            await asyncio.wait(asked, timeout=1.0)
        lease, self._lease = self._lease, None
        if lease is not None:
            await self._leases.release_lease(lease)

    async def _keep(self) -> None:
        while True:
            pause = self._seconds / 3
            await asyncio.sleep(pause if self._lease is not None else min(pause, LOOK_SECONDS))
            self._holding = background_task(self.hold(), name=f"hold:{self._name}")
            try:
                await asyncio.shield(self._holding)
            except Exception as error:
                self._log.error("lease not renewed", error=error)

    async def hold(self) -> None:
        asked = self._clock.monotonic()
        before = self._lease
        if before is not None:
            self._lease = await self._leases.renew_lease(before, self._seconds)
            if self._lease is None:
                self._log.warning("lease lost to another process")
        elif self._claims:
            await self._claim()
        self._renewed = asked

    async def _claim(self) -> None:
        found = await self._leases.acquire_lease(self._name, self._owner, self._seconds)
        if found is not None and not self._claims:
            await self._leases.release_lease(found)
            return
        self._lease = found
