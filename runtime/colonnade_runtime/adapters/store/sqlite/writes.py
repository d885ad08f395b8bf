"""Writes of one service: queued by file, given up at their deadlines, told when durable."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any, TypeVar

import structlog

from colonnade.clock import Clock
from colonnade.rows.row_tracking import ANY_TABLE, Left, RowSet
from colonnade.store import Session
from colonnade.waiting import until
from colonnade_runtime.adapters.store.sqlite.control.work_index import SqliteWorkIndex
from colonnade_runtime.adapters.store.sqlite.driver import SqliteDriver
from colonnade_runtime.adapters.store.sqlite.files.failures import BUSY, StoreFailure
from colonnade_runtime.adapters.store.sqlite.files.open_files import OpenFiles
from colonnade_runtime.adapters.store.sqlite.files.tenant_file import TenantFile
from colonnade_runtime.adapters.store.sqlite.write_queue import WriteQueue
from colonnade_runtime.adapters.store.sqlite.write_transaction import WriteTransaction
from colonnade_runtime.adapters.store.sqlite.write_unit import (
    AnyUnit,
    CommitResult,
    Guard,
    WriteUnit,
)

T = TypeVar("T")

Invalidation = Callable[[str, RowSet], None]
"""Told the tenant and what changed, on the loop, before the write returns to its caller."""

WAIT_FOR_TURN_SECONDS = 30.0
"""How long a write waits for those before it when its call has no deadline of its own."""

INTERRUPTED_SECONDS = 2.0
"""How long a stop waits for transactions that it has ended."""


class Writes:
    """Units of work of one service under way, on whichever of its files.

    `session` makes the session of a tenant's unit on a driver. `failed` is told of a failure that
    nobody waits to hear of. Used from one event loop.
    """

    def __init__(
        self,
        service: str,
        session: Callable[[str, SqliteDriver], Session],
        clock: Clock,
        executor: Executor,
        open_files: OpenFiles,
        work_index: SqliteWorkIndex,
        failed: Callable[[str, StoreFailure], None],
        invalidation: Invalidation | None,
        on_published: Callable[[str, Left], None] | None,
    ) -> None:
        self._service = service
        self._session = session
        self._clock = clock
        self._executor = executor
        self._open_files = open_files
        self._work_index = work_index
        self._failed = failed
        self.invalidation = invalidation
        self._on_published = on_published
        self._running: dict[AnyUnit, tuple[TenantFile, asyncio.Future[Any]]] = {}
        self._drained: asyncio.Event | None = None

    @property
    def waiting(self) -> int:
        """Units of work that wait for their file."""
        return sum(not (unit.has_begun or unit.lingers) for unit in self._running)

    async def finish(self, deadline: float) -> None:
        """Let what runs end within `deadline` seconds, and end what does not."""
        for file, _ in self._running.values():
            file.writes.hurry()
        if self._running:
            self._drained = asyncio.Event()
            if not await until(self._drained, deadline):
                await self._end_running(self._drained)

    async def run(
        self,
        file: TenantFile,
        work: Callable[[Session], T],
        left: float,
        guard: Guard | None = None,
        linger: float = 0.0,
    ) -> T:
        """Commit `work` to an open file, for which its caller waits `left` seconds.

        Raises:
            StoreFailure: at the end of these; nothing was changed.
            BaseException: whatever `work` or the guard raises; nothing was changed.
        """
        unit = WriteUnit(work, partial(self._session, file.tenant), guard)
        unit.until = time.monotonic() + left
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[T] = loop.create_future()
        file.writes.put(unit, linger if left > linger else 0.0)
        file.users += 1
        self._running[unit] = (file, waiter)
        # Not a timeout: when the commit has begun, its outcome is waited for.
        patience = min(left, WAIT_FOR_TURN_SECONDS)
        giving_up = loop.call_later(patience, self._give_up, unit, patience < left)
        try:
            return await waiter
        except asyncio.CancelledError:
            unit.abandon()
            raise
        finally:
            giving_up.cancel()

    def queue_of(self, file: TenantFile) -> WriteQueue:
        """The queue of a file that is being opened."""
        transaction = WriteTransaction(file, self._work_index.holding, self._clock.monotonic)
        return WriteQueue(self._executor, transaction.run, partial(self._carried_out, file))

    def _give_up(self, unit: AnyUnit, may_run_on: bool) -> None:
        """Let the caller of a unit go that has waited for long enough."""
        if unit not in self._running:
            # It has its outcome; its caller has not run since.
            return
        file, waiter = self._running[unit]
        if may_run_on and unit.has_begun:
            loop = asyncio.get_running_loop()
            loop.call_later(unit.seconds_left(), self._give_up, unit, False)
        elif not waiter.done() and unit.abandon():
            waiter.set_exception(too_late(file.label))

    def _carried_out(self, file: TenantFile, units: Sequence[AnyUnit]) -> None:
        # Runs also when whoever waited was cancelled.
        for unit in units:
            self._open_files.release(file)
            waiter = self._running.pop(unit)[1]
            outcome, unit.outcome = unit.outcome, None
            if isinstance(outcome, CommitResult):
                self._committed(file, outcome, waiter)
            elif outcome is not None:
                self._not_committed(file, unit, outcome, waiter)
            # The traceback of an error holds its frames: together they would keep all that it
            # passes on its way out, down to the client's connection.
            del outcome
        if not self._running and self._drained is not None:
            self._drained.set()

    def _not_committed(
        self,
        file: TenantFile,
        unit: AnyUnit,
        error: BaseException,
        waiter: asyncio.Future[Any],
    ) -> None:
        if self.invalidation is not None and unit.maybe_committed:
            self.invalidation(file.tenant, RowSet(tables={ANY_TABLE}))
        if not waiter.done():
            waiter.set_exception(error)
        elif isinstance(error, StoreFailure):
            # Who asked gave up at the deadline and cannot report why it came to that.
            self._failed(file.tenant, error)

    def _committed(
        self, file: TenantFile, outcome: CommitResult[Any], waiter: asyncio.Future[Any]
    ) -> None:
        if self.invalidation is not None and outcome.changed:
            self.invalidation(file.tenant, outcome.changed)
        # Whoever asked goes on before the events that the work left behind.
        if not waiter.done():
            waiter.set_result(outcome.result)
        if self._on_published is not None and outcome.left:
            self._on_published(file.tenant, outcome.left)

    async def _end_running(self, drained: asyncio.Event) -> None:
        """End transactions that outlast a stop: none of them commits any more."""
        for unit, (file, _) in self._running.items():
            unit.abandon()
            file.interrupt()
        if not await until(drained, INTERRUPTED_SECONDS):
            structlog.get_logger(self._service).warning(
                "transactions run on; their files stay open", transactions=len(self._running)
            )


def too_late(what: str) -> StoreFailure:
    """Failure of what waited for its turn until its deadline."""
    return StoreFailure(
        f"{what} is busy with earlier writes; nothing was changed, try again.", message=BUSY
    )
