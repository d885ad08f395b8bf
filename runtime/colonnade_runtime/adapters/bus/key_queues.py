"""Lanes: one queue per consumer and key, so that a key's events keep their order.

Different keys run side by side up to a bound; a lane costs nothing once it is empty.
"""

import asyncio
from collections import deque

from colonnade.background_tasks import background_task
from colonnade.bus import Consumer
from colonnade.errors import Unavailable

_Entry = tuple[bytes, "asyncio.Future[None]"]


class KeyQueues:
    """The queues of one consumer."""

    def __init__(self, consumer: Consumer, parallel: int) -> None:
        self.consumer = consumer
        self._slots = asyncio.Semaphore(parallel)
        self._waiting: dict[str, deque[_Entry]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    def put(self, key: str, envelope: bytes) -> "asyncio.Future[None]":
        """Queue one envelope; the future ends when the consumer has acknowledged it.

        It fails with `Unavailable` when the consumer raised or the bus stopped first.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if key in self._tasks:
            self._waiting[key].append((envelope, done))
            return done
        self._waiting[key] = deque([(envelope, done)])
        # Nothing of the publisher's call leaks into the consumer's, as nothing would if a broker
        # stood between them.
        self._tasks[key] = background_task(
            self._drain(key), name=f"lane:{self.consumer.name}:{key}"
        )
        return done

    def stop(self) -> None:
        """Give back what has not begun; what runs goes on."""
        self._stopping = True
        for waiting in self._waiting.values():
            while waiting:
                _refuse(waiting.popleft()[1], "The bus is stopping.")

    def running(self) -> set["asyncio.Task[None]"]:
        """The tasks of the lanes in which something runs or waits."""
        return set(self._tasks.values())

    async def _drain(self, key: str) -> None:
        waiting = self._waiting[key]
        try:
            while waiting:
                async with self._slots:
                    if waiting:
                        await self._deliver(*waiting.popleft())
        finally:
            while waiting:
                _refuse(waiting.popleft()[1], "The bus stopped before it was handled.")
            del self._waiting[key], self._tasks[key]

    async def _deliver(self, envelope: bytes, done: "asyncio.Future[None]") -> None:
        try:
            await self.consumer.deliver(envelope)
        except asyncio.CancelledError:
            _refuse(done, "The bus stopped before it was handled.")
            raise
        except Exception as error:
            refused = f"{self.consumer.name} did not take the event ({type(error).__name__})."
            _refuse(done, refused, error)
        else:
            if not done.done():
                done.set_result(None)


def _refuse(
    done: "asyncio.Future[None]", sentence: str, cause: BaseException | None = None
) -> None:
    if done.done():
        return
    error = Unavailable(sentence)
    error.__cause__ = cause
    done.set_exception(error)
    # The publisher may be gone by now; that nobody looks at the answer is then not a fault.
    done.exception()
