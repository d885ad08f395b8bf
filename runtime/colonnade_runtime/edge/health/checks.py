"""Asks every part of the process whether it can work, without letting one hold up the others."""

import asyncio
import re
import time
from collections.abc import Sequence
from typing import Any

from colonnade.background_tasks import background_task, cancel_tasks
from colonnade.faults import KIND_PATTERN
from colonnade.services import HealthCheck
from colonnade_runtime.observability.faults import FaultRegistry

SOURCE = "health"
"""The source of the faults that checks find; their kinds are the checks' names."""

CHECK_SECONDS = 1.0
"""Seconds that one check may take; a part that is silent for longer cannot work."""

KEPT_SECONDS = 1.0
"""Seconds that an answer holds, so that frequent probes cost nothing."""


MEND = "The log says more. It is asked again by itself, and this goes when it answers."
"""Advice for a check that names none."""


class HealthChecks:
    """The checks of a process. Equal questions at one time are asked once."""

    def __init__(self, faults: FaultRegistry, log: Any) -> None:
        self._log = log
        self._faults = faults.of(SOURCE)
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
            await cancel_tasks({self._asking})

    async def _ask(self) -> None:
        try:
            # More may be added while these are asked: a process that starts is asked already.
            asked = list(self._checks)
            answers = await asyncio.gather(*map(self._answer, asked))
            found = zip(asked, answers, strict=True)
            failing = {check.name: answer for check, answer in found if answer is not None}
            self._failing = failing
            self._tell()
            self._asked = time.monotonic()
        finally:
            self._asking = None

    async def _answer(self, check: HealthCheck) -> str | None:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                return await check.check()
        except TimeoutError:
            return f"no answer within {CHECK_SECONDS:g} s"
        except Exception as error:
            if check.name not in self._failing:
                self._log.error("check broke", check=check.name, error=error)
            return "the check itself broke"

    def _tell(self) -> None:
        """Report what fails; several checks of one kind, as of two stores, are one fault."""
        failing: dict[str, list[HealthCheck]] = {}
        for check in self._checks:
            found = failing.setdefault(_kind(check.name), [])
            if check.name in self._failing:
                found.append(check)
        for kind, checks in failing.items():
            if not checks:
                self._faults.withdraw(kind)
                continue
            sentence = "; ".join(f"{each.name}: {self._failing[each.name]}" for each in checks)
            mend = " ".join(dict.fromkeys(each.mend or MEND for each in checks))
            self._faults.report(kind, sentence, mend=mend)


def _kind(name: str) -> str:
    """The check's name as a label of a metric: an address in it is left out."""
    words = re.sub(r":\S+", "", name.lower())
    kind = re.sub(r"[^a-z0-9]+", "_", words).strip("_")[:48].rstrip("_")
    return kind if KIND_PATTERN.fullmatch(kind) else "check"
