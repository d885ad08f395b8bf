"""One tenant's outbox being emptied: in order per key, many keys at once, few commits."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from colonnade.background_tasks import background_task
from colonnade.backoff import Backoff
from colonnade.crash_points import crash_point, reach
from colonnade.waiting import until
from colonnade_runtime.background.acting.actor import Actor
from colonnade_runtime.background.events.outbox import Outgoing

READ = crash_point("relay.read", "events were read from the outbox; none was published")
PUBLISHED = crash_point("relay.published", "an event was accepted; its row is still pending")
MARKED = crash_point("relay.marked", "the rows of published events were marked as sent")


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Settings of the relay.

    `batch` rows are read at once; at most `in_flight` events of one tenant are on their way.
    Rows are marked together, in the next transaction of their tenant's store or, when none comes
    for `linger` seconds after the first was accepted, in one of their own. Archived rows are kept
    for `archive` seconds.
    """

    batch: int = 200
    in_flight: int = 1000
    linger: float = 2.0
    backoff: Backoff = field(default_factory=lambda: Backoff(first=0.1, cap=10.0))
    parallel_reads: int = 8
    archive: float = 14 * 86400.0


Accepted = Callable[[], Sequence[Outgoing]]
"""Rows that are accepted by now; asked on the thread of the transaction that marks them."""


@dataclass(frozen=True, slots=True)
class OutboxOperations:
    """Operations of one tenant's outbox as its pump needs them.

    `mark` marks the rows that are accepted when its transaction begins, for which it may wait so
    many seconds; it answers how many of them count as sent.
    """

    read: Callable[[int], Awaitable[Sequence[Outgoing]]]
    publish: Callable[[Outgoing], Awaitable[None]]
    mark: Callable[[Accepted, float], Awaitable[int]]


class OutboxPump:
    """Empties one tenant's outbox and ends when it is empty."""

    def __init__(
        self, pipes: OutboxOperations, settings: RelaySettings, actor: Actor, log: Any
    ) -> None:
        self._pipes = pipes
        self._settings = settings
        self._actor = actor
        self._log = log
        self._lanes: dict[str, deque[Outgoing]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_flight: set[int] = set()
        self._sent: list[Outgoing] = []
        self._marking: asyncio.Task[None] | None = None
        self._lingers = False
        self._news = asyncio.Event()
        self._unread = True
        self._waiting: list[asyncio.Future[None]] = []
        self._stopping = asyncio.Event()

    async def left(self) -> None:
        """Wait until all that there was to publish is accepted, or the pump ends."""
        if self._unread or self._lanes:
            told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(told)
            await told

    def wake(self) -> None:
        """Look for new rows soon."""
        self._unread = True
        self._news.set()

    def stop(self) -> None:
        """Publish no further event; mark what was accepted, then end."""
        self._stopping.set()
        self._news.set()

    @property
    def in_flight(self) -> int:
        """Events that were read and are not marked."""
        return len(self._in_flight)

    async def run(self) -> None:
        """Empty the outbox."""
        try:
            while await self._step():
                pass
        finally:
            self._tell()
            await self._abandon()

    def _tell(self) -> None:
        for told in self._waiting:
            if not told.done():
                told.set_result(None)
        self._waiting.clear()

    async def _abandon(self) -> None:
        abandoned = set(self._tasks)
        if self._marking is not None:
            abandoned.add(self._marking)
        for task in abandoned:
            task.cancel()
        if abandoned:
            await asyncio.wait(abandoned)

    async def _step(self) -> bool:
        self._news.clear()
        if not self._stopping.is_set() and self._unread and self._room():
            await self._read()
        await self._see_to_marks()
        if self._tasks or self._sent:
            await self._news.wait()
            return True
        return not self._stopping.is_set() and self._unread

    def _room(self) -> bool:
        return len(self._in_flight) < self._settings.in_flight

    async def _read(self) -> None:
        self._unread = False
        limit = self._settings.batch + len(self._in_flight)
        rows = await self._pipes.read(limit)
        self._unread = self._unread or len(rows) == limit
        fresh = [row for row in rows if row.sequence not in self._in_flight]
        if fresh:
            reach(READ)
        for row in fresh:
            self._in_flight.add(row.sequence)
            self._enqueue(row)
        if not self._unread and not self._lanes:
            self._tell()

    def _enqueue(self, row: Outgoing) -> None:
        lane = self._lanes.get(row.key)
        if lane is not None:
            lane.append(row)
            return
        self._lanes[row.key] = deque([row])
        task = background_task(self._drain(row.key), name=f"relay-lane:{row.key}")
        self._tasks.add(task)
        task.add_done_callback(self._lane_ended)

    def _lane_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not self._unread and not self._lanes:
            self._tell()
        self._news.set()

    async def _drain(self, key: str) -> None:
        lane = self._lanes[key]
        try:
            while lane and await self._publish(lane[0]):
                reach(PUBLISHED)
                self._accepted(lane.popleft())
        finally:
            del self._lanes[key]
            self._in_flight.difference_update(row.sequence for row in lane)

    def _accepted(self, row: Outgoing) -> None:
        self._sent.append(row)
        if len(self._sent) in (1, self._settings.batch):
            self._news.set()

    async def _publish(self, row: Outgoing) -> bool:
        """Publish until it is accepted; False when the relay stops first."""
        attempt = 0
        while not self._stopping.is_set():
            attempt += 1
            try:
                await self._pipes.publish(row)
                return True
            except Exception as error:
                what = {"event_id": str(row.event_id), "attempt": attempt, "error": error}
                self._log.warning("event not accepted", **what)
            await self._pause(attempt)
        return False

    async def _pause(self, attempt: int) -> None:
        seconds = self._settings.backoff.after(attempt, self._actor.random)
        await until(self._stopping, seconds)

    async def _see_to_marks(self) -> None:
        """Have what was accepted marked, by a task of its own: others are sent meanwhile.

        Raises:
            Exception: marking failed.
        """
        task = self._marking
        if task is not None and task.done():
            self._marking = None
            if not task.cancelled():
                task.result()
            task = None
        hurries = self._stopping.is_set() or len(self._sent) >= self._settings.batch
        if task is not None and hurries and self._lingers:
            task.cancel()
            await asyncio.wait([task])
            return await self._see_to_marks()
        if task is None and self._sent:
            self._lingers = not hurries
            marking = self._mark(0.0 if hurries else self._settings.linger)
            self._marking = background_task(marking, name="relay-marks")
            self._marking.add_done_callback(lambda task: self._news.set())
        return None

    async def _mark(self, linger: float) -> None:
        taken: list[Outgoing] = []

        def accepted() -> Sequence[Outgoing]:
            # On the thread of the transaction, which may run twice; the loop only appends.
            taken[:] = self._sent
            return taken

        marked = await self._pipes.mark(accepted, linger)
        del self._sent[: len(taken)]
        self._in_flight.difference_update(row.sequence for row in taken)
        # Some were asked for again meanwhile, perhaps by another process: they wait once more.
        self._unread = self._unread or marked < len(taken)
        reach(MARKED)
