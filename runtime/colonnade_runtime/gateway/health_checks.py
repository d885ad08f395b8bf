"""Asks every part of the process whether it can work, without letting one hold up the others."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from colonnade.background_tasks import background_task
from colonnade.services import HealthCheck

CHECK_SECONDS = 1.0
"""How long one check may take; a part that says nothing for that long cannot work."""

KEPT_SECONDS = 1.0
"""How long an answer holds, so that whoever asks often costs nothing."""


class HealthChecks:
    """The checks of a process. Equal questions at one time are asked once."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._checks: list[HealthCheck] = []
        self._failing: dict[str, str] = {}
        self._asked = 0.0
        self._asking: asyncio.Task[None] | None = None

    def add(self, checks: Sequence[HealthCheck]) -> None:
        """Ask these, too."""
        self._checks += checks

    async def failing(self) -> dict[str, str]:
        """The name of each check that fails, and its sentence."""
        if not self._checks or time.monotonic() - self._asked < KEPT_SECONDS:
            return self._failing
        if self._asking is None:
            self._asking = background_task(self._ask(), name="health checks")
        await asyncio.shield(self._asking)
        return self._failing

    async def stop(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking}, timeout=1.0)

    async def _ask(self) -> None:
        try:
            answers = await asyncio.gather(*map(_answer, self._checks))
            found = zip(self._checks, answers, strict=True)
            failing = {check.name: answer for check, answer in found if answer is not None}
            for name in failing.keys() - self._failing.keys():
                self._log.error("health check fails", check=name, reason=failing[name])
            for name in self._failing.keys() - failing.keys():
                self._log.info("health check is well again", check=name)
            self._failing = failing
            self._asked = time.monotonic()
        finally:
            self._asking = None


async def _answer(check: HealthCheck) -> str | None:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check.check()
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS:g} s"
    except Exception as error:
        return f"the check failed with {type(error).__name__}: {error}"
