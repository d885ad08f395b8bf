"""The saga orchestrator of one service: finds sagas that are due and carries them on."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from colonnade.background_tasks import background_task, finish_tasks
from colonnade.backoff import Backoff
from colonnade.control_store import Lease
from colonnade.errors import Conflict, NotFound
from colonnade.rows.row_tracking import Left
from colonnade.saga_tables import SagaRow
from colonnade.sagas import SagaPhase, SagaView, saga_view
from colonnade_runtime.background.acting.acting_store import ActingStore
from colonnade_runtime.background.acting.lease_fence import LeaseFence
from colonnade_runtime.background.events.ports import ANYTHING
from colonnade_runtime.background.sagas import records, transitions
from colonnade_runtime.background.sagas.binding import BoundSaga
from colonnade_runtime.background.sagas.saga_progress import SagaProgress, SagaRecord
from colonnade_runtime.background.sagas.saga_runner import RunnerResources, SagaRunner
from colonnade_runtime.background.sagas.transitions import TransitionContext
from colonnade_runtime.calls.tenant_states import StateOfTenant, TenantState

PRUNED_AT_ONCE = 200
"""Ended sagas deleted in one transaction; each takes its signals with it."""


@dataclass(frozen=True, slots=True)
class SagaSettings:
    """Settings of the orchestrator: `parallel` sagas of all tenants run at once; ended ones are
    kept for `kept` seconds; a store that cannot be read is tried again after `backoff`."""

    parallel: int = 16
    kept: float = 90 * 86400.0
    backoff: Backoff = field(default_factory=lambda: Backoff(0.5, 30.0))


class SagaOrchestrator:
    """Runs the sagas of one service, in this process alone.

    `lease` answers the lease of the service's background work while it is held. A transition
    by a process that has lost it does not commit.
    """

    table = SagaRow.__tablename__

    def __init__(
        self,
        sagas: Sequence[BoundSaga],
        store: ActingStore,
        state_of: StateOfTenant,
        lease: Callable[[], Lease | None],
        log: Any,
        settings: SagaSettings | None = None,
    ) -> None:
        self._settings = settings or SagaSettings()
        self._store = store
        self._state_of = state_of
        self._lease = lease
        self._actor = store.actor
        self._log = log
        self._stopping = asyncio.Event()
        self.definitions = {(saga.definition.name, saga.definition.version): saga for saga in sagas}
        self._shared = RunnerResources(
            store, self.definitions, LeaseFence(lease), self._stopping, log
        )
        self._slots = asyncio.Semaphore(self._settings.parallel)
        self._sweeps: dict[str, asyncio.Task[None]] = {}
        self._woken: set[str] = set()
        self._runs: dict[tuple[str, UUID], asyncio.Task[None]] = {}
        self._again: set[tuple[str, UUID]] = set()
        # Kept with their times: a timer that is due at once does not tell its own.
        self._timers: dict[str, tuple[float, asyncio.Handle]] = {}
        self.failures: dict[str, int] = {}
        self._token = 0
        self._known: set[str] = set()
        self._suspects: set[tuple[str, UUID]] = set()

    def wake(self, tenant: str, left: Left = ANYTHING) -> None:
        """Look soon at the tenant's sagas that `left` names. Called in the event loop's thread.

        Services without sagas are scanned once, for rows left by an earlier version.
        """
        lease = self._lease()
        looked = tenant in self._known and lease is not None and lease.token == self._token
        rows = [each for each in left if not isinstance(each, str)]
        if looked and len(rows) == len(left):
            if not self._rests(tenant):
                # In one order in every process: a simulated history follows from its seed alone.
                for _, key in sorted(rows):
                    self._carry_on(tenant, key[0])
        elif self.definitions or not looked:
            self._wake(tenant)

    def _rests(self, tenant: str) -> bool:
        return self._stopping.is_set() or self._state_of(tenant) is not TenantState.ACTIVE

    def _wake(self, tenant: str) -> None:
        if self._rests(tenant):
            return
        if tenant in self._sweeps:
            self._woken.add(tenant)
            return
        self._sweeps[tenant] = background_task(
            self._sweep(tenant), name=f"sagas:{self._actor.service}:{tenant}"
        )

    async def stop(self, deadline: float) -> None:
        """Begin no further step; wait at most `deadline` seconds for those that run.

        One that has not ended by then is found out about, or repeated, at the next start.
        """
        self._stopping.set()
        for _, timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        tasks = {*self._sweeps.values(), *self._runs.values()}
        await finish_tasks(tasks, deadline)

    async def has_work(self, tenant: str) -> bool:
        """Tell whether the tenant has sagas that go on by themselves."""
        if tenant in self._sweeps or any(owner == tenant for owner, _ in self._runs):
            return True
        return await self._store.read(tenant, records.has_active)

    async def is_busy(self, tenant: str, *, within: float = 0.0) -> bool:
        """Tell whether a saga of the tenant runs, or has something to do by now or `within`
        seconds."""
        if tenant in self._sweeps or any(owner == tenant for owner, _ in self._runs):
            return True
        found = await self._store.read(tenant, records.due(1))
        soon = self._actor.clock.now() + timedelta(seconds=within)
        return bool(found.ids) or (found.next_at is not None and found.next_at <= soon)

    async def list(
        self,
        tenant: str,
        *,
        phases: Sequence[SagaPhase] = (),
        name: str | None = None,
        limit: int = 100,
    ) -> Sequence[SagaView]:
        """The tenant's newest sagas: in any of `phases`, or all; of one `name`, or all."""
        return await self._store.read(tenant, records.listing(phases, name, limit))

    async def show(self, tenant: str, saga_id: UUID) -> SagaView:
        """One saga.

        Raises:
            NotFound: when the tenant has none of this id.
        """
        return await self._store.read(tenant, lambda session: saga_view(session, saga_id))

    async def resume(self, tenant: str, saga_id: UUID, *, happened: bool | None = None) -> SagaView:
        """Let a saga go on that needs an operator; `happened` settles whether its step did.

        Raises:
            NotFound: when the tenant has none of this id.
            Conflict: when it does not wait for an operator, or only `happened` helps.
        """

        def change(record: SagaRecord, now: datetime) -> SagaProgress:
            return transitions.resume(
                self._transition_context(record, now), record.progress, happened
            )

        return await self._operate(tenant, saga_id, change)

    async def cancel(self, tenant: str, saga_id: UUID) -> SagaView:
        """Undo a saga whose pivot has not happened.

        Raises:
            NotFound: when the tenant has none of this id.
            Conflict: when it has ended, or the pivot is done or may be.
        """

        def change(record: SagaRecord, now: datetime) -> SagaProgress:
            return transitions.request_cancel(
                self._transition_context(record, now), record.progress
            )

        return await self._operate(tenant, saga_id, change)

    async def prune(self, tenant: str) -> int:
        """Delete what ended long enough ago; answers how many."""
        before = self._actor.clock.now() - timedelta(seconds=self._settings.kept)
        return await self._store.prune(
            tenant, lambda limit: records.prune(before, limit), limit=PRUNED_AT_ONCE
        )

    def _transition_context(self, record: SagaRecord, now: datetime) -> TransitionContext:
        bound = self.definitions.get((record.name, record.definition_version))
        if bound is None:
            raise Conflict(
                f"No enabled plugin defines the saga '{record.name}' in version "
                f"{record.definition_version}: install the release that does."
            )
        return TransitionContext(bound.definition, now, goes_on=False)

    async def _operate(
        self, tenant: str, saga_id: UUID, change: Callable[[SagaRecord, datetime], SagaProgress]
    ) -> SagaView:
        await self._store.run(tenant, records.operate(saga_id, change))
        self._wake(tenant)
        return await self.show(tenant, saga_id)

    async def _sweep(self, tenant: str) -> None:
        try:
            while True:
                self._woken.discard(tenant)
                await self._look(tenant)
                self.failures.pop(tenant, None)
                if tenant not in self._woken or self._stopping.is_set():
                    return
        except NotFound:
            # The tenant's declaration is gone; its sagas wait for it to come back.
            return
        except Exception as error:
            self._log.error("sagas not readable", tenant=tenant, error=error)
            self._look_again_after_failure(tenant)
        finally:
            self._woken.discard(tenant)
            del self._sweeps[tenant]

    async def _look(self, tenant: str) -> None:
        lease = self._lease()
        if lease is None:
            return
        await self._suspect_what_was_there(tenant, lease)
        running = sum(owner == tenant for owner, _ in self._runs)
        # Those that run are due as well, and come first: the limit leaves room for others.
        limit = running + 2 * self._settings.parallel
        found = await self._store.read(tenant, records.due(limit))
        for identifier in found.ids:
            self._carry_on(tenant, identifier)
        if found.next_at is not None:
            self.look_again(tenant, found.next_at)

    async def _suspect_what_was_there(self, tenant: str, lease: Lease) -> None:
        """Sagas that are there at the first look may have been cut off by another process."""
        if lease.token != self._token:
            self._token = lease.token
            self._known.clear()
        if tenant in self._known:
            return
        for identifier in await self._store.read(tenant, records.active_ids):
            self._suspects.add((tenant, identifier))
        self._known.add(tenant)

    def _carry_on(self, tenant: str, identifier: UUID) -> None:
        key = (tenant, identifier)
        if self._stopping.is_set():
            return
        if key in self._runs:
            # What made it due may have come after the run looked for it.
            self._again.add(key)
            return
        self._runs[key] = background_task(
            self._run_one(tenant, identifier), name=f"saga:{identifier}"
        )

    async def _run_one(self, tenant: str, identifier: UUID) -> None:
        key = (tenant, identifier)
        suspect = key in self._suspects
        runner = SagaRunner(self._shared, tenant, identifier, suspect=suspect)
        again_at: datetime | None = None
        try:
            async with self._slots:
                again_at = await runner.run()
            self._suspects.discard(key)
            self.failures.pop(tenant, None)
        except (records.Moved, NotFound):
            # An operator changed it, or its tenant is gone: look at what holds now.
            again_at = self._actor.clock.now()
        except Exception as error:
            # What it was at may have happened: the next run has to find that out.
            self._suspects.add(key)
            self._log.error("saga interrupted", saga_id=str(identifier), error=error)
            self._look_again_after_failure(tenant)
        finally:
            del self._runs[key]
            if key in self._again:
                self._again.discard(key)
                again_at = self._actor.clock.now()
        if again_at is not None:
            self.look_again(tenant, again_at)

    def _look_again_after_failure(self, tenant: str) -> None:
        failures = self.failures.get(tenant, 0) + 1
        self.failures[tenant] = failures
        seconds = self._settings.backoff.after(failures, self._actor.random)
        self.look_again(tenant, self._actor.clock.now() + timedelta(seconds=seconds))

    def look_again(self, tenant: str, at: datetime) -> None:
        if self._stopping.is_set():
            return
        loop = asyncio.get_running_loop()
        due = loop.time() + max(0.0, (at - self._actor.clock.now()).total_seconds())
        if tenant in self._timers:
            earlier, timer = self._timers[tenant]
            if earlier <= due:
                return
            timer.cancel()
        self._timers[tenant] = (due, loop.call_at(due, self._ring, tenant))

    def _ring(self, tenant: str) -> None:
        self._timers.pop(tenant, None)
        self._wake(tenant)
