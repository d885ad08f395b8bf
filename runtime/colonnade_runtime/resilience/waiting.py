"""Waiting at start for what others run: a broker, a policy server."""

import asyncio
from collections.abc import Awaitable, Callable
from random import SystemRandom
from typing import Any, TypeVar

from colonnade.backoff import Backoff
from colonnade.errors import Unavailable

T = TypeVar("T")

_BACKOFF = Backoff(first=0.1, cap=5.0)


async def until_available(
    what: str,
    attempt: Callable[[], Awaitable[T]],
    waiting_for: dict[str, str],
    log: Any,
) -> T:
    """Repeat `attempt` until it no longer raises `Unavailable`; answers what it gives.

    The platform is not ready meanwhile, and says in `waiting_for` and the log what is missing.
    """
    tries = 0
    while True:
        try:
            return await attempt()
        except Unavailable as error:
            tries += 1
            waiting_for["start"] = f"{what}: {error}"
            seconds = _BACKOFF.after(tries, SystemRandom())
            log.warning(f"waiting for the {what}", attempt=tries, why=str(error))
            await asyncio.sleep(seconds)
