"""Lag of the event loop: how much later than it was due something runs.

Whatever keeps the loop's thread, or the interpreter's lock while that thread wants it, delays every
request of the process by as much.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Histogram

from colonnade.background_tasks import background_task, cancel_tasks

INTERVAL_SECONDS = 0.05
"""Seconds between two samples: twenty a second see what keeps the loop for a hundredth, and cost
less than a thousandth of a processor."""

WINDOW_SECONDS = 60.0
"""Seconds that `recent` looks back."""

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""In seconds; one millisecond is as fine as the loop's own clock is."""


@dataclass(frozen=True, slots=True)
class Lag:
    """Seconds of lag within the last minute: the 99th percentile and the longest."""

    p99: float
    longest: float


class LoopLag:
    """Samples of one loop's lag, in `registry` as a histogram and by `recent` for people."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._histogram = Histogram(
            "colonnade_event_loop_lag_seconds",
            "How much later than due the event loop came to something.",
            registry=registry,
            buckets=BUCKETS,
        )
        self._samples: deque[float] = deque(maxlen=int(WINDOW_SECONDS / INTERVAL_SECONDS))

    @asynccontextmanager
    async def sampled(self) -> AsyncIterator[None]:
        """Take samples of the running loop for the block."""
        task = background_task(self._sample(), name="loop lag")
        try:
            yield
        finally:
            await cancel_tasks({task})

    def recent(self) -> Lag:
        """Lag within the last minute; zeros before the first sample."""
        ordered = sorted(self._samples)
        if not ordered:
            return Lag(0.0, 0.0)
        return Lag(ordered[int(0.99 * len(ordered))], ordered[-1])

    async def _sample(self) -> None:
        while True:
            due = time.perf_counter() + INTERVAL_SECONDS
            await asyncio.sleep(INTERVAL_SECONDS)
            # The loop's timers are whole milliseconds and may come a little early.
            late = max(0.0, time.perf_counter() - due)
            self._samples.append(late)
            self._histogram.observe(late)
