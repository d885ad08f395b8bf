"""Heartbeats of a process to the one that started it: a byte a second through a pipe.

A process whose event loop stands still, because it was paused or is stuck, sends none. It may hold
a lock that the system gives back only when it ends.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from colonnade.background_tasks import background_task, cancel_tasks

VARIABLE = "COLONNADE_HEARTBEAT"
"""Names the file descriptor to write to, in the environment of a process that is supervised."""

BEAT_SECONDS = 1.0


def is_supervised() -> bool:
    """True when the parent process listens for heartbeats; asked before `beating`."""
    return VARIABLE in os.environ


@asynccontextmanager
async def beating() -> AsyncIterator[None]:
    """Send heartbeats for the block, where somebody asked for them."""
    number = os.environ.pop(VARIABLE, "")
    if not number.isdigit():
        yield
        return
    pipe = int(number)
    os.set_blocking(pipe, False)
    os.set_inheritable(pipe, False)
    task = background_task(_keep_beating(pipe), name="heartbeat")
    try:
        yield
    finally:
        await cancel_tasks({task})
        os.close(pipe)


async def _keep_beating(pipe: int) -> None:
    while True:
        # Nobody reads any more, or not now: the next one says as much.
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(pipe, b".")
        await asyncio.sleep(BEAT_SECONDS)


class HeartbeatMonitor:
    """The heartbeats of one child. Made within a loop.

    Until the first beat the child is being loaded, which takes longer than a beat.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.began = False
        """True when there was a beat."""
        self._last = now()
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)
        asyncio.get_running_loop().add_reader(self._reader, self._beat)

    def started(self) -> None:
        """The child has its end of the pipe: let go of this process's copy."""
        os.close(self.writer)
        self._last = self._now()

    def silent(self) -> float:
        """Seconds since the last beat; before the first, since it was started."""
        return self._now() - self._last

    def excuse(self) -> None:
        """Count from now: who listens was itself not listening."""
        self._last = self._now()

    def close(self) -> None:
        """Listen no more."""
        asyncio.get_running_loop().remove_reader(self._reader)
        os.close(self._reader)

    def _beat(self) -> None:
        with suppress(BlockingIOError):
            if os.read(self._reader, 4096):
                self._last, self.began = self._now(), True
            else:
                asyncio.get_running_loop().remove_reader(self._reader)
