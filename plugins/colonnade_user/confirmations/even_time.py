"""Answers whose time tells nothing: they come at the next full step, whatever was found."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from colonnade.clock import Clock

STEP = 0.25
"""Seconds; far longer than the work that differs, so that both ways end at the same step."""


@asynccontextmanager
async def even_time(clock: Clock, step: float = STEP) -> AsyncIterator[None]:
    """Let the block take a multiple of `step` seconds, also when it raises."""
    began = clock.monotonic()
    try:
        yield
    finally:
        passed = clock.monotonic() - began
        await asyncio.sleep(max(1, math.ceil(passed / step)) * step - passed)
