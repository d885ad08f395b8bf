"""The workers of a process: started when they are needed, ended when they are not."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import structlog

from colonnade.background_tasks import background_task
from colonnade.errors import DeadlineExceeded, InternalError, Unavailable, WorkEnded
from colonnade_runtime.workers.frames import CallFrame, answer_of, encoded_call
from colonnade_runtime.workers.turns import Person, Turns
from colonnade_runtime.workers.worker import Worker

IDLE_SECONDS = 60.0
"""A worker without work ends after this."""

MAXIMUM_CALLS = 500
"""A worker makes room for a new one after so many: what libraries leak goes with it."""

PATIENCE = 10.0
"""Factor from a call's processor time to its time by the clock, on a busy machine."""


class Workers(Protocol):
    """Port to workers: calls that can be ended; `outcomes` counts how they ended."""

    outcomes: dict[str, int]

    @property
    def waiting(self) -> int:
        """Number of calls that wait for a worker."""
        ...

    async def run(
        self,
        function: Callable[..., Any],
        arguments: Sequence[Any],
        *,
        seconds: float,
        person: Person,
        left: float | None,
    ) -> Any:
        """The answer of one call.

        Raises:
            WorkEnded: it took more than `seconds` of processor time, its memory, or crashed.
            DeadlineExceeded: `left` seconds had passed before.
            Unavailable: too many wait, or the process stops.
        """
        ...

    async def stop(self) -> None:
        """End what runs."""
        ...


class WorkerPool:
    """Create a pool of `processes` workers of `memory` bytes each; at most `waiting` calls wait."""

    def __init__(self, processes: int, waiting: int, memory: int) -> None:
        self._turns = Turns(processes, waiting)
        self.outcomes: dict[str, int] = {}
        self._memory = memory
        self._idle: list[tuple[Worker, asyncio.TimerHandle]] = []
        self._running: set[asyncio.Task[Any]] = set()
        self._retiring: set[asyncio.Task[None]] = set()
        self._stopped = False
        self._log = structlog.get_logger("colonnade")

    @property
    def waiting(self) -> int:
        """Number of calls that wait for a worker."""
        return self._turns.waiting

    async def run(
        self,
        function: Callable[..., Any],
        arguments: Sequence[Any],
        *,
        seconds: float,
        person: Person,
        left: float | None,
    ) -> Any:
        """See `Workers.run`."""
        call = encoded_call(function, arguments, seconds)
        try:
            async with asyncio.timeout(left):
                answer = answer_of(function, await self._performed(call, person))
        except TimeoutError:
            self._count("deadline")
            raise DeadlineExceeded("The work was ended: its caller's time was used up.") from None
        except WorkEnded as error:
            self._count(str(error.details["reason"]))
            self._log.warning(
                "work was ended",
                function=f"{call.module}.{call.name}",
                reason=error.details["reason"],
                tenant=person[0],
            )
            raise
        except Unavailable:
            self._count("refused")
            raise
        except InternalError as error:
            self._count("failed")
            self._log.error("work failed", reason=error.reason, tenant=person[0])
            raise
        except BaseException:
            self._count("failed")
            raise
        self._count("ok")
        return answer

    async def stop(self) -> None:
        """Take nothing more and end what runs."""
        self._stopped = True
        for task in self._running:
            task.cancel()
        for _, timer in self._idle:
            timer.cancel()
        ending = [worker.retire() for worker, _ in self._idle]
        self._idle.clear()
        await asyncio.gather(*ending, *self._running, *self._retiring, return_exceptions=True)

    async def _performed(self, call: CallFrame, person: Person) -> Any:
        async with self._turns.turn(*person):
            if self._stopped:
                raise _stopping()
            task = background_task(self._perform(call), name="work in a process apart")
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            try:
                return await task
            except asyncio.CancelledError:
                caller = asyncio.current_task()
                if caller is None or caller.cancelling():
                    raise
                # Nobody but `stop` cancels the task alone.
                raise _stopping() from None

    async def _perform(self, call: CallFrame) -> Any:
        async with self._worker() as worker:
            return await worker.perform(call, call.seconds * PATIENCE)

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[Worker]:
        """A worker for the block; one that fails or is left in the middle of its work is ended."""
        worker = await self._take()
        try:
            yield worker
        except BaseException:
            # Not waited for by whoever is cancelled: the place is free once it is gone.
            await asyncio.shield(background_task(worker.kill(), name="the end of a worker"))
            raise
        self._give_back(worker)

    async def _take(self) -> Worker:
        while self._idle:
            worker, timer = self._idle.pop()
            timer.cancel()
            if worker.is_alive:
                return worker
        return await Worker.start(self._memory)

    def _give_back(self, worker: Worker) -> None:
        if self._stopped or worker.calls >= MAXIMUM_CALLS:
            self._retire(worker)
            return
        timer = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._let_go, worker)
        self._idle.append((worker, timer))

    def _let_go(self, worker: Worker) -> None:
        self._idle = [each for each in self._idle if each[0] is not worker]
        self._retire(worker)

    def _retire(self, worker: Worker) -> None:
        task = background_task(worker.retire(), name="the end of a worker")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    def _count(self, outcome: str) -> None:
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1


def _stopping() -> Unavailable:
    return Unavailable("The platform is stopping.", details={"retry_after": 1})
