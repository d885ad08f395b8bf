"""`ctx.in_process`: as whoever is in context, within the time that is left to them."""

import time
from pathlib import Path
from typing import Any, cast

import pytest
import workload

from colonnade.context import Context, Principal, use_context
from colonnade.errors import DeadlineExceeded
from colonnade_runtime.calls.service_context import NoConfig, RuntimeExtensionContext
from colonnade_runtime.testing.workers import InlineWorkers
from colonnade_runtime.workers.pool import WorkerPool


class RecordedWorkers(InlineWorkers):
    """Remembers for whom it worked, and how long they would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[tuple[str, str], float | None]] = []

    async def run(self, *arguments: Any, **more: Any) -> Any:
        """The answer of one call."""
        self.asked.append((more["person"], more["left"]))
        return await super().run(*arguments, **more)


def context_with(workers: Any) -> RuntimeExtensionContext:
    """What a plugin gets, with these workers and nothing else of use."""
    nothing = cast("Any", None)
    return RuntimeExtensionContext(
        name="quiz",
        config=NoConfig(),
        clock=nothing,
        log=nothing,
        root=Path(),
        production=False,
        tenants=nothing,
        vault=nothing,
        threads=nothing,
        low_priority=nothing,
        workers=workers,
        epoch=time.time,
        faults=nothing,
    )


def acting(seconds: float) -> Context:
    """A call of Ada's that has `seconds` left."""
    return Context("acme", Principal.service("ada"), time.time() + seconds, "request-1")


async def test_work_is_done_for_whoever_is_in_context() -> None:
    workers = RecordedWorkers()
    with use_context(acting(3.0)):
        assert await context_with(workers).in_process(workload.doubled, "a") == "aa"
    await context_with(workers).in_process(workload.doubled, "b")
    (first, left), second = workers.asked
    assert first == ("acme", "service:ada")
    assert left is not None
    assert 2.0 < left <= 3.0
    assert second == (("", ""), None)


async def test_the_deadline_of_the_call_ends_the_work() -> None:
    pool = WorkerPool(1, 4, 512 * 2**20)
    try:
        with use_context(acting(0.5)), pytest.raises(DeadlineExceeded):
            await context_with(pool).in_process(workload.spin, 3_600.0, seconds=60.0)
    finally:
        await pool.stop()
