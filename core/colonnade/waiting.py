"""Waiting for an event, and no longer than some seconds."""

import asyncio


async def until(event: asyncio.Event, seconds: float | None) -> bool:
    """Wait until `event` is set; False when that took longer than `seconds` (None: no bound).

    The pause between two tries of a loop that may be asked to stop, in one line:
    `if await until(self._stopping, seconds): return`.
    """
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        # Set in the same turn of the loop in which the time ran out: that counts.
        return event.is_set()
