"""Questions that may be repeated, asked again when the answer was lost on its way."""

import asyncio
from collections.abc import Awaitable, Callable

from colonnade.errors import DeadlineExceeded, Unavailable

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0
"""Seconds between two tries; the pause doubles."""


async def again(
    ask: Callable[[], Awaitable[bytes]], until: float, now: Callable[[], float]
) -> bytes:
    """Ask until there is an answer; `until` is when the caller gives up, by the clock `now`.

    A broken connection loses answers long before that. Once a question may have arrived, "nobody is
    there" says nothing any more about what happened to it.

    Raises:
        DeadlineExceeded: an answer was lost, and no other came in time.
        Unavailable: nobody was there from the beginning; nothing happened.
    """
    lost: DeadlineExceeded | None = None
    pause = FIRST_PAUSE
    while True:
        try:
            return await ask()
        except DeadlineExceeded as error:
            lost = error
        except Unavailable:
            if lost is None:
                raise
        if until - now() <= pause:
            raise lost
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
