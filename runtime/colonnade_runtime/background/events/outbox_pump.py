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
    Rows are marked `linger` seconds after the first of them was accepted, together. Archived
    rows are kept for `archive` seconds.
    """

    batch: int = 200
    in_flight: int = 1000
    linger: float = 0.25
    backoff: Backoff = field(default_factory=lambda: Backoff(first=0.1, cap=10.0))
    parallel_reads: int = 8
    archive: float = 14 * 86400.0


@dataclass(frozen=True, slots=True)
class OutboxOperations:
    """Operations of one tenant's outbox as its pump needs them; `mark` answers how many of the
    rows count as sent."""

    read: Callable[[int], Awaitable[Sequence[Outgoing]]]
    publish: Callable[[Outgoing], Awaitable[None]]
    mark: Callable[[Sequence[Outgoing]], Awaitable[int]]


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
        self._sent_since = 0.0
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
        for task in abandoned:
            task.cancel()
        if abandoned:
            await asyncio.wait(abandoned)

    async def _step(self) -> bool:
        self._news.clear()
        if not self._stopping.is_set() and self._unread and self._room():
            await self._read()
        if self._sent and self._linger_left() <= 0:
            await self._mark()
        if self._tasks or self._sent:
            await self._wait()
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
        if not self._sent:
            self._sent_since = self._actor.clock.monotonic()
            self._news.set()
        self._sent.append(row)

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

    def _linger_left(self) -> float:
        if self._stopping.is_set() or len(self._sent) >= self._settings.batch:
            return 0.0
        passed = self._actor.clock.monotonic() - self._sent_since
        return self._settings.linger - passed

    async def _wait(self) -> None:
        timeout = max(self._linger_left(), 0.001) if self._sent else None
        await until(self._news, timeout)

    async def _mark(self) -> None:
        sent, self._sent = self._sent, []
        try:
            marked = await self._pipes.mark(sent)
        except BaseException:
            self._sent = sent + self._sent
            raise
        self._in_flight.difference_update(row.sequence for row in sent)
        # Some were asked for again meanwhile, perhaps by another process: they wait once more.
        self._unread = self._unread or marked < len(sent)
        reach(MARKED)
