"""One queue of everything that is going to happen, in virtual time."""

import asyncio
import heapq
from collections import deque
from itertools import count
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING:
    from colonnade_runtime.testing.simulation.loop import SimulatedLoop

STEP = 1e-6
"""Seconds that pass with each step, so that no two things happen at one instant."""


class Timeline:
    """Runs what loops have scheduled, one step at a time; when nothing is due, time jumps.

    `fingerprint` sums up which loop ran when: two histories that share it are the same.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.steps = 0
        self.fingerprint = 0
        self._ready: deque[tuple[SimulatedLoop, asyncio.Handle]] = deque()
        self._later: list[tuple[float, int, SimulatedLoop, asyncio.Handle]] = []
        self._numbers = count()

    def soon(self, loop: "SimulatedLoop", handle: asyncio.Handle) -> None:
        """Run `handle` after everything that is due already."""
        self._ready.append((loop, handle))

    def at(self, when: float, loop: "SimulatedLoop", handle: asyncio.Handle) -> None:
        """Run `handle` at `when`."""
        heapq.heappush(self._later, (when, next(self._numbers), loop, handle))

    def step(self) -> bool:
        """Run the next step; False when nothing will ever happen again."""
        while self._later and self._later[0][0] <= self.now:
            _, _, loop, handle = heapq.heappop(self._later)
            self._ready.append((loop, handle))
        while self._ready:
            loop, handle = self._ready.popleft()
            if loop.is_dead or handle.cancelled():
                continue
            self.now += STEP
            self.steps += 1
            self.fingerprint = crc32(f"{loop.name} {self.now:.6f}".encode(), self.fingerprint)
            _run(loop, handle)
            return True
        if not self._later:
            return False
        self.now = max(self.now, self._later[0][0])
        return True


def _run(loop: "SimulatedLoop", handle: asyncio.Handle) -> None:
    asyncio._set_running_loop(loop)
    try:
        handle._run()
    finally:
        asyncio._set_running_loop(None)
