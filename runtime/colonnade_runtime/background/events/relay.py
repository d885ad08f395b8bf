"""The relay: carries a service's events from its outboxes to the bus. One per service."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from colonnade.background_tasks import background_task, finish_tasks
from colonnade.bus import Bus
from colonnade.control_store import Lease, LeaseLost
from colonnade.errors import NotFound
from colonnade.rows.row_tracking import Left
from colonnade.store import Session
from colonnade.tables import OutboxRow
from colonnade.waiting import until
from colonnade_runtime.background.acting.acting_store import ActingStore
from colonnade_runtime.background.acting.lease_fence import LeaseFence
from colonnade_runtime.background.events import outbox
from colonnade_runtime.background.events.outbox import OutboxStatus, Outgoing
from colonnade_runtime.background.events.outbox_pump import (
    Accepted,
    OutboxOperations,
    OutboxPump,
    RelaySettings,
)
from colonnade_runtime.background.events.ports import ANYTHING


class Relay:
    """Publishes what commits, in order per key, at least once.

    It is woken by commits; a `Sweeper` wakes it for what an earlier process left behind.
    `aggregates` says for each event type what its key identifies, so that the key an event has on
    the bus, `<tenant>/<aggregate>/<id>`, is one among all. `lease` answers the lease of the
    service's background work while it is held: without it nothing is published, and a process
    that has lost it marks nothing.
    """

    table = OutboxRow.__tablename__

    def __init__(
        self,
        store: ActingStore,
        bus: Bus,
        log: Any,
        settings: RelaySettings | None = None,
        aggregates: Mapping[str, str] | None = None,
        lease: Callable[[], Lease | None] | None = None,
    ) -> None:
        self._store = store
        self._bus = bus
        self._actor = store.actor
        self._log = log
        self._settings = settings or RelaySettings()
        self._aggregates = aggregates or {}
        self._fence = None if lease is None else LeaseFence(lease)
        self._pumps: dict[str, OutboxPump] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._reading = asyncio.Semaphore(self._settings.parallel_reads)
        self._stopping = asyncio.Event()
        self.published = 0

    def wake(self, tenant: str, left: Left = ANYTHING) -> None:
        """Look at the tenant's outbox soon. Called in the event loop's thread."""
        pump = self._pumps.get(tenant)
        if pump is not None:
            pump.wake()
            return
        if self._stopping.is_set():
            return
        self._pumps[tenant] = OutboxPump(
            self._pipes(tenant), self._settings, self._actor, self._log
        )
        self.tasks[tenant] = background_task(
            self._empty(tenant), name=f"relay:{self._actor.service}:{tenant}"
        )

    async def emptied(self, tenant: str, seconds: float) -> None:
        """Wait, `seconds` at most, until what was committed for the tenant is published; where
        another process publishes for it, only until this one knows that."""
        self.wake(tenant)
        pump = self._pumps.get(tenant)
        if pump is None:
            return
        try:
            async with asyncio.timeout(seconds):
                await pump.left()
        except TimeoutError:
            return

    async def stop(self, deadline: float) -> None:
        """Publish no further event; wait at most `deadline` seconds for those on their way.

        Whatever was not accepted by then stays in its outbox.
        """
        self._stopping.set()
        for pump in self._pumps.values():
            pump.stop()
        await finish_tasks(set(self.tasks.values()), deadline)

    async def has_work(self, tenant: str) -> bool:
        """Tell whether events of the tenant are pending or on their way."""
        if tenant in self._pumps:
            return True
        return await self._store.read(tenant, outbox.has_pending)

    async def status(self, tenant: str) -> OutboxStatus:
        """Report the status of the tenant's outbox."""
        return await self._store.read(tenant, outbox.status)

    async def republish(self, tenant: str, since: datetime) -> int:
        """Publish again what was written from `since` on; answers how many.

        Consumers that have handled an event already do not handle it twice.
        """
        again = await self._store.run(tenant, outbox.republish(since))
        self.wake(tenant)
        return again

    async def archive(
        self, tenant: str, event_type: str, since: datetime, after: int, limit: int
    ) -> Sequence[tuple[int, bytes]]:
        """Sequence and envelope of events of a type that the tenant's outbox still has."""
        return await self._store.read(tenant, outbox.archive(event_type, since, after, limit))

    async def prune(self, tenant: str) -> int:
        """Delete what has been in the tenant's archive for long enough; answers how many."""
        before = self._actor.clock.now() - timedelta(seconds=self._settings.archive)
        return await self._store.prune(tenant, lambda limit: outbox.prune(before, limit))

    async def _empty(self, tenant: str) -> None:
        pump = self._pumps[tenant]
        attempt = 0
        try:
            while True:
                try:
                    await pump.run()
                    return
                except LeaseLost:
                    # The new owner goes on from what is marked; consumers know what came twice.
                    return
                except NotFound:
                    # The tenant's declaration is gone; its rows wait for it to come back.
                    return
                except Exception as error:
                    attempt += 1
                    self._log.error("outbox not readable", tenant=tenant, error=error)
                if self._stopping.is_set():
                    return
                await self._pause(attempt)
                pump.wake()
        finally:
            del self._pumps[tenant], self.tasks[tenant]

    async def _pause(self, attempt: int) -> None:
        seconds = self._settings.backoff.after(attempt, self._actor.random)
        await until(self._stopping, seconds)

    def _pipes(self, tenant: str) -> OutboxOperations:
        async def read(limit: int) -> Sequence[Outgoing]:
            if not self._may_work():
                return ()
            async with self._reading:
                return await self._store.read(tenant, outbox.pending(limit))

        async def publish(row: Outgoing) -> None:
            if not self._may_work():
                self._pumps[tenant].stop()
                raise LeaseLost("Another process sends this service's events by now.")
            key = f"{tenant}/{self._aggregates.get(row.type, '')}/{row.key}"
            await self._bus.publish(row.type, key, row.message_id, row.envelope)
            self.published += 1

        async def mark(accepted: Accepted, linger: float) -> int:
            work = self._fenced(outbox.mark_sent(accepted))
            return await self._store.run(tenant, work, linger=linger)

        return OutboxOperations(read, publish, mark)

    def _may_work(self) -> bool:
        return self._fence is None or self._fence.is_open

    def _fenced(self, work: Callable[[Session], int]) -> Callable[[Session], int]:
        def fenced(session: Session) -> int:
            if self._fence is not None:
                self._fence(session)
            return work(session)

        return fenced
