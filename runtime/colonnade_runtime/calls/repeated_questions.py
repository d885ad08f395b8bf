"""Questions that may be repeated, asked again when the answer was lost on its way."""

import asyncio
from collections.abc import Awaitable, Callable

from colonnade.backoff import Backoff
from colonnade.errors import DeadlineExceeded, Unavailable

BACKOFF = Backoff(first=0.05, cap=1.0)


async def again(
    ask: Callable[[], Awaitable[bytes]], until: float, now: Callable[[], float], key: str
) -> bytes:
    """Ask until there is an answer; `until` is when the caller gives up, by the clock `now`.

    `key` is of the question: it spreads the pauses of callers that lost their answers together.

    A broken connection loses answers long before that. Once a question may have arrived, "nobody is
    there" says nothing any more about what happened to it.

    Raises:
        DeadlineExceeded: an answer was lost, and no other came in time.
        Unavailable: nobody was there from the beginning; nothing happened.
    """
    lost: DeadlineExceeded | None = None
    attempt = 0
    try:
        while True:
            attempt += 1
            try:
                return await ask()
            except DeadlineExceeded as error:
                lost = error
            except Unavailable:
                if lost is None:
                    raise
            pause = BACKOFF.durable(attempt, key)
            if until - now() <= pause:
                raise lost
            await asyncio.sleep(pause)
    finally:
        # Its traceback holds this frame: together they would keep the whole request.
        lost = None
