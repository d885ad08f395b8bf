"""Response timing: answers are padded to a full step, so that their time discloses nothing."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from colonnade.clock import Clock

STEP = 0.25
"""Seconds; far longer than the work that differs, so that both ways end at the same step."""


@asynccontextmanager
async def padded_response(clock: Clock, step: float = STEP) -> AsyncIterator[None]:
    """Pad the block to a multiple of `step` seconds, also when it raises."""
    began = clock.monotonic()
    try:
        yield
    finally:
        passed = clock.monotonic() - began
        await asyncio.sleep(max(1, math.ceil(passed / step)) * step - passed)
