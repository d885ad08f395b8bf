"""The scheduler: what a service does from time to time, for every tenant with a store of it."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from colonnade.background_tasks import background_task, finish_tasks
from colonnade.context import use_context
from colonnade.errors import ConfigurationError
from colonnade.services import Schedule
from colonnade.store import Session
from colonnade.tables import StoreFact
from colonnade.waiting import until
from colonnade_runtime.background.acting.acting_store import ActingStore
from colonnade_runtime.calls.tenant_states import StateOfTenant, TenantState

REMEMBERED_FROM = 600.0
"""Schedules of this many seconds and more are due by when they last ran, also across restarts."""

_MINIMUM_SECONDS = 60.0
_AFTER_FAILURE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class BoundSchedule:
    """A schedule with what it runs; `run` gets the tenant's id, which is also in context."""

    name: str
    every: float
    run: Callable[[str], Awaitable[object]]


def bind_schedules(schedules: Sequence[Schedule], objects: Sequence[object]) -> list[BoundSchedule]:
    """Find the method that each schedule names.

    Raises:
        ConfigurationError: when a method is missing or not `async def`, an interval is not
            positive, or two schedules have one name.
    """
    names = [schedule.name for schedule in schedules]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"Two schedules have the name '{name}'.")
    return [_bind(schedule, objects) for schedule in schedules]


def _bind(schedule: Schedule, objects: Sequence[object]) -> BoundSchedule:
    where = f"The schedule '{schedule.name}'"
    if schedule.every <= 0:
        raise ConfigurationError(f"{where} runs every {schedule.every} seconds; say a positive.")
    found = [getattr(item, schedule.run) for item in objects if hasattr(item, schedule.run)]
    if len(found) != 1 or not inspect.iscoroutinefunction(found[0]):
        raise ConfigurationError(
            f"{where} names '{schedule.run}', which is not an 'async def' method of exactly one "
            "of the service's objects."
        )
    method: Callable[[], Awaitable[object]] = found[0]

    async def run(tenant: str) -> object:
        return await method()

    return BoundSchedule(schedule.name, schedule.every, run)


@dataclass(slots=True)
class _Line:
    schedule: BoundSchedule
    due: dict[str, datetime] = field(default_factory=dict)


class Scheduler:
    """Runs schedules, each in a line of its own: never twice at once, tenant after tenant.

    Nothing runs while `owns` says that another process does the service's background work.
    `tenants` answers those that have a store of this service; only active ones are served.
    `settle` is how many seconds after the start the first long schedule may run.
    """

    def __init__(
        self,
        schedules: Sequence[BoundSchedule],
        store: ActingStore,
        tenants: Callable[[], Awaitable[Sequence[str]]],
        state_of: StateOfTenant,
        owns: Callable[[], bool],
        log: Any,
        *,
        settle: float = 60.0,
    ) -> None:
        self._lines = [_Line(schedule) for schedule in schedules]
        self._store = store
        self._tenants = tenants
        self._state_of = state_of
        self._owns = owns
        self._actor = store.actor
        self._log = log
        self._settle = settle
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the schedules."""
        return tuple(line.schedule.name for line in self._lines)

    async def start(self) -> None:
        """Begin to count the intervals."""
        self._tasks = [
            background_task(
                self._keep(line), name=f"schedule:{self._actor.service}:{line.schedule.name}"
            )
            for line in self._lines
        ]

    async def stop(self, deadline: float) -> None:
        """Begin no further run; wait at most `deadline` seconds for those under way."""
        self._stopping.set()
        await finish_tasks(self._tasks, deadline)

    async def run_due(self, name: str) -> int:
        """Run one schedule now for every tenant for which it is due; answers for how many.

        Raises:
            ConfigurationError: when there is no such schedule.
        """
        for line in self._lines:
            if line.schedule.name == name:
                return await self._run_line(line)
        raise ConfigurationError(f"There is no schedule '{name}'.")

    async def run_now(self, name: str, tenant: str) -> None:
        """Run one schedule for a tenant, due or not, and note that it ran.

        Raises:
            ConfigurationError: when there is no such schedule.
            Exception: whatever it raises.
        """
        for line in self._lines:
            if line.schedule.name == name:
                seconds = max(line.schedule.every, _MINIMUM_SECONDS)
                with use_context(self._actor.context(tenant, seconds=seconds)):
                    await line.schedule.run(tenant)
                await self._note(line, tenant, self._actor.clock.now())
                return
        raise ConfigurationError(f"There is no schedule '{name}'.")

    async def _keep(self, line: _Line) -> None:
        every = line.schedule.every
        # A short schedule counts from the start. A long one is due by when it last ran, which its
        # store knows: counted from the start it would never run where a process restarts often.
        pause = every if every < REMEMBERED_FROM else self._settle
        while not await until(self._stopping, pause):
            try:
                await self._run_line(line)
            except Exception as error:
                self._log.error("schedule not runnable", schedule=line.schedule.name, error=error)
            pause = min(every, _MINIMUM_SECONDS)

    async def _run_line(self, line: _Line) -> int:
        ran = 0
        for tenant in await self._tenants():
            if self._stopping.is_set() or not self._owns():
                break
            if self._state_of(tenant) is TenantState.ACTIVE:
                ran += await self._run_tenant(line, tenant)
        return ran

    async def _run_tenant(self, line: _Line, tenant: str) -> bool:
        schedule = line.schedule
        now = self._actor.clock.now()
        if line.due.get(tenant, now) > now:
            return False
        seconds = max(schedule.every, _MINIMUM_SECONDS)
        # Half a look early, so that one that comes a little too soon is not one too late.
        following = schedule.every - min(schedule.every, _MINIMUM_SECONDS) / 2
        try:
            if not await self._is_due(line, tenant, now):
                return False
            with use_context(self._actor.context(tenant, seconds=seconds)):
                async with asyncio.timeout(seconds):
                    await schedule.run(tenant)
            await self._note(line, tenant, now)
        except Exception as error:
            self._log.error("schedule failed", schedule=schedule.name, tenant=tenant, error=error)
            # A daily one that failed must not wait for a day.
            following = min(following, _AFTER_FAILURE_SECONDS)
        line.due[tenant] = now + timedelta(seconds=following)
        return True

    async def _is_due(self, line: _Line, tenant: str, now: datetime) -> bool:
        if line.schedule.every < REMEMBERED_FROM or tenant in line.due:
            return True
        # Asked once per tenant: from then on this process runs it, and knows.
        ran = await self._store.read(tenant, lambda session: _last_run(session, line.schedule.name))
        if ran is None:
            return True
        line.due[tenant] = ran + timedelta(seconds=line.schedule.every)
        return line.due[tenant] <= now

    async def _note(self, line: _Line, tenant: str, now: datetime) -> None:
        if line.schedule.every >= REMEMBERED_FROM:
            await self._store.run(
                tenant, lambda session: _note_run(session, line.schedule.name, now)
            )


def _last_run(session: Session, name: str) -> datetime | None:
    fact = session.get(StoreFact, f"schedule:{name}")
    return None if fact is None else datetime.fromisoformat(fact.value)


def _note_run(session: Session, name: str, now: datetime) -> None:
    fact = session.get(StoreFact, f"schedule:{name}")
    if fact is None:
        session.add(StoreFact(name=f"schedule:{name}", value=now.isoformat()))
    else:
        fact.value = now.isoformat()
