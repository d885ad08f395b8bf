"""Waiting at start for what others run: a broker, a policy server."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import SystemRandom
from typing import Any, TypeVar

from colonnade.backoff import Backoff
from colonnade.errors import Unavailable

T = TypeVar("T")


@dataclass(slots=True)
class ProcessStage:
    """Stage of a process's life, as far as readiness depends on it.

    `starting` says what its start waits for, `stopping` why it takes no more; empty is neither.
    """

    starting: str = "the platform is starting"
    stopping: str = ""

    def started(self) -> None:
        """End the start; a stop that has begun goes on."""
        self.starting = ""

    def waiting_for(self) -> dict[str, str]:
        """List what keeps the process from being ready, under `start` and `stop`."""
        reasons = {"start": self.starting, "stop": self.stopping}
        return {name: reason for name, reason in reasons.items() if reason}


_BACKOFF = Backoff(first=0.1, cap=5.0)


async def until_available(
    what: str,
    attempt: Callable[[], Awaitable[T]],
    stage: ProcessStage,
    log: Any,
) -> T:
    """Repeat `attempt` until it no longer raises `Unavailable`; answers what it gives.

    The platform is not ready meanwhile, and says in `stage` and the log what is missing.
    """
    tries = 0
    while True:
        try:
            return await attempt()
        except Unavailable as error:
            tries += 1
            stage.starting = f"{what}: {error}"
            seconds = _BACKOFF.after(tries, SystemRandom())
            log.warning(f"waiting for the {what}", attempt=tries, why=str(error))
            await asyncio.sleep(seconds)
