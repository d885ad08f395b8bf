"""A whole platform in a process of its own that dies at a crash point, and is started again.

The processes are forked from one that has read the declaration and knows the policies' answers,
so that each is up within moments; everything else of them is as in production: clock, threads,
files, bus.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from colonnade.context import Context, use_context
from colonnade.errors import DeadlineExceeded, Unavailable
from colonnade.identifiers import new_id
from colonnade.policy import PolicyEngine
from colonnade_payment.api import CreatePayment
from colonnade_runtime.assembly.declared import Declared, read_declaration
from colonnade_runtime.assembly.dependencies import ProcessDependencies
from colonnade_runtime.testing.simulation import (
    Consumers,
    Violation,
    consumers_of,
    expect_effects,
    is_worked_off,
)
from colonnade_runtime.testing.simulation.clock import BEGINNING
from colonnade_runtime.testing.simulation.effect_log import EffectLoggingBackground
from colonnade_runtime.testing.simulation.partial_runtime import (
    RuntimeWithoutHttp,
    SharedEngineAdapters,
)
from tests.simulation.academies import SETTINGS, Site
from tests.simulation.promises import expect_promises, money_is_settled

SECONDS = 40.0


class LaterClock:
    """The machine's clock, put forward: the site was made at the beginning of simulated time."""

    def __init__(self) -> None:
        self._ahead = BEGINNING + timedelta(hours=1) - datetime.now(BEGINNING.tzinfo)

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        return datetime.now(BEGINNING.tzinfo) + self._ahead

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        return time.monotonic()

    def epoch(self) -> float:
        """The time of day in seconds since the Unix epoch."""
        return time.time() + self._ahead.total_seconds()


class Shop:
    """A site on one bus, whose first academy sells a course to its first person."""

    def __init__(self, site: Site, engine: PolicyEngine, bus: str) -> None:
        path = site.folder / "platform.yaml"
        settings = [*(one for one in SETTINGS if not one.startswith("bus=")), f'bus="{bus}"']
        self.site = site
        self.declared: Declared = read_declaration(Path(path), settings)
        self.engine = engine
        self.clock = LaterClock()

    def buying(self, method: str) -> Callable[[], None]:
        """A process that orders, unless that was done, and ends when everything is settled."""
        return lambda: asyncio.run(self._buy(method))

    async def _buy(self, method: str) -> None:
        dependencies = ProcessDependencies(
            clock=self.clock,
            epoch=self.clock.epoch,
            adapters=partial(SharedEngineAdapters, engine=self.engine),
            background=EffectLoggingBackground,
        )
        runtime = RuntimeWithoutHttp(
            self.declared, announce=lambda _: None, dependencies=dependencies
        )
        await runtime.start()
        await self._order(runtime, method)
        consumers = consumers_of([runtime])
        async with asyncio.timeout(SECONDS):
            while not self._is_settled(consumers):
                await asyncio.sleep(0.05)
        await runtime.stop()
        self._expect_everything(consumers)

    async def _order(self, runtime: Any, method: str) -> None:
        academy = self.site.academies[0]
        order = CreatePayment(course_id=academy.courses[0], method=method)
        while True:
            deadline = self.clock.epoch() + 10.0
            context = Context(academy.tenant, academy.people[1], deadline, str(new_id()))
            try:
                with use_context(context):
                    await runtime.dispatcher.do(order, idempotency_key="the one order")
                return
            except (Unavailable, DeadlineExceeded):
                await asyncio.sleep(0.05)

    def _is_settled(self, consumers: Consumers) -> bool:
        if not is_worked_off(self.declared):
            return False
        try:
            expect_effects(self.declared, consumers)
        except Violation:
            return False
        return money_is_settled(self.declared, self.clock.epoch())

    def _expect_everything(self, consumers: Consumers) -> None:
        expect_effects(self.declared, consumers)
        expect_promises(self.declared)
