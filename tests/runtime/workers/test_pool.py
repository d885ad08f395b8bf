"""Work in processes apart: within bounds, in turn, and never the loop's."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import workload

from colonnade.errors import DeadlineExceeded, InternalError, Unavailable, WorkEnded
from colonnade_runtime.testing.workers import InlineWorkers
from colonnade_runtime.workers.pool import WorkerPool
from colonnade_runtime.workers.worker import Worker

ADA, BOB = ("acme", "ada"), ("acme", "bob")
EVE = ("globex", "eve")
MEMORY = 512 * 2**20


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    """Two workers, and eight that may wait."""
    made = WorkerPool(2, 8, MEMORY)
    yield made
    await made.stop()


async def run(pool: Any, function: Any, *arguments: Any, **more: Any) -> Any:
    """One call, with what a test does not say filled in."""
    given: dict[str, Any] = {"seconds": 5.0, "person": ADA, "left": None} | more
    return await pool.run(function, arguments, **given)


async def ended(pool: WorkerPool, function: Any, *arguments: Any, **more: Any) -> str:
    """The reason for which a call is ended."""
    with pytest.raises(WorkEnded) as caught:
        await run(pool, function, *arguments, **more)
    assert caught.value.status == 422
    return str(caught.value.details["reason"])


@pytest.mark.parametrize("make", [lambda: WorkerPool(1, 4, MEMORY), InlineWorkers])
async def test_answers_and_errors_are_the_same_apart_and_inline(make: Any) -> None:
    pool = make()
    try:
        assert await run(pool, workload.doubled, "ab") == "abab"
        made = await run(pool, workload.drawings, b"abc", [1, 2])
        assert made == [workload.Drawing("1", b"a"), workload.Drawing("2", b"ab")]
        with pytest.raises(workload.Refused) as caught:
            await run(pool, workload.refuse, "/body")
        assert [field.pointer for field in caught.value.fields] == ["/body"]
        with pytest.raises(ValueError, match="no good"):
            await run(pool, workload.stumble, "no good")
        with pytest.raises(InternalError, match="ZeroDivisionError"):
            await run(pool, workload.surprise)
        with pytest.raises(TypeError, match="must declare types for: text, return"):
            await run(pool, workload.untyped, "text")
        with pytest.raises(TypeError, match="must be a function of its module"):
            await run(pool, lambda: None)
    finally:
        await pool.stop()


async def test_work_that_never_ends_is_ended_by_its_processor_time(pool: WorkerPool) -> None:
    await run(pool, workload.doubled, "warm")
    before = time.perf_counter()
    assert await ended(pool, workload.spin, 3_600.0, seconds=0.2) == "time"
    assert time.perf_counter() - before < 10
    assert await run(pool, workload.doubled, "after") == "afterafter"


async def test_the_reason_of_an_end_is_not_found_by_killing(
    pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill polls, and may take the exit status away from the loop: time would pass for crash."""

    async def kill(worker: Worker) -> None:
        """Leave the worker to its end."""

    monkeypatch.setattr(Worker, "kill", kill)
    assert await ended(pool, workload.spin, 3_600.0, seconds=0.2) == "time"


async def test_work_that_waits_for_nothing_is_ended_by_the_clock(pool: WorkerPool) -> None:
    assert await ended(pool, workload.rest, 3_600.0, seconds=0.02) == "time"


async def test_memory_a_crash_and_a_large_answer_end_a_call_and_no_more(pool: WorkerPool) -> None:
    assert await ended(pool, workload.fill, 2 * MEMORY) == "memory"
    assert await ended(pool, workload.crash) == "crash"
    assert await ended(pool, workload.swell, 33 * 2**20) == "size"
    assert await run(pool, workload.doubled, "after") == "afterafter"


async def test_an_answer_that_fills_the_pipe_holds_nobody(pool: WorkerPool) -> None:
    """Whether the length of it arrives alone, or with more than is read ahead."""
    for _ in range(10):
        async with asyncio.timeout(20):
            assert await ended(pool, workload.swell, 33 * 2**20) == "size"


async def test_the_time_of_the_caller_ends_the_work(pool: WorkerPool) -> None:
    await run(pool, workload.doubled, "warm")
    with pytest.raises(DeadlineExceeded):
        await run(pool, workload.spin, 3_600.0, seconds=3_600.0, left=0.2)
    assert pool.outcomes == {"ok": 1, "deadline": 1}


async def test_what_its_caller_gives_up_is_ended_and_frees_its_place() -> None:
    pool = WorkerPool(1, 4, MEMORY)
    task = asyncio.create_task(run(pool, workload.spin, 3_600.0, seconds=3_600.0))
    await asyncio.sleep(0)
    task.cancel()
    assert (await asyncio.gather(task, return_exceptions=True))[
        0
    ].__class__ is asyncio.CancelledError
    assert await run(pool, workload.doubled, "next") == "nextnext"
    await pool.stop()


async def test_a_worker_is_kept_and_hears_of_no_secret(
    pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAYMENT_KEY", "sk_live")
    first = await run(pool, workload.chatter)
    assert first == await run(pool, workload.chatter) != os.getpid()
    assert "PAYMENT_KEY" not in await run(pool, workload.variables)


async def test_a_worker_that_was_killed_while_idle_is_replaced(pool: WorkerPool) -> None:
    first = await run(pool, workload.chatter)
    os.kill(first, 9)
    async with asyncio.timeout(10):
        while os.path.exists(f"/proc/{first}/fd/0"):
            await asyncio.sleep(0.01)
    assert await run(pool, workload.chatter) != first


async def test_an_academy_that_floods_leaves_a_worker_to_the_others(pool: WorkerPool) -> None:
    flood = [
        asyncio.create_task(run(pool, workload.spin, 3_600.0, seconds=30.0, person=person))
        for person in (ADA, ADA, BOB, BOB)
    ]
    await asyncio.sleep(0)
    assert await run(pool, workload.doubled, "let me", person=EVE) == "let melet me"
    for task in flood:
        task.cancel()
    await asyncio.gather(*flood, return_exceptions=True)


async def test_nobody_fills_the_queue_for_the_rest(pool: WorkerPool) -> None:
    flood = [
        asyncio.create_task(run(pool, workload.spin, 3_600.0, seconds=30.0)) for _ in range(1 + 2)
    ]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as caught:
        await run(pool, workload.doubled, "mine too")
    assert caught.value.details == {"retry_after": 1}
    flood.append(asyncio.create_task(run(pool, workload.spin, 3_600.0, seconds=30.0, person=BOB)))
    assert await run(pool, workload.doubled, "me", person=EVE) == "meme"
    for task in flood:
        task.cancel()
    await asyncio.gather(*flood, return_exceptions=True)


async def test_stopping_ends_what_runs_and_what_waits() -> None:
    pool = WorkerPool(1, 8, MEMORY)
    process = await run(pool, workload.chatter)
    tasks = [
        asyncio.create_task(run(pool, workload.spin, 3_600.0, seconds=60.0, person=person))
        for person in (ADA, BOB, EVE)
    ]
    await asyncio.sleep(0)
    async with asyncio.timeout(20):
        await pool.stop()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(end) for end in ends} == {Unavailable}
    assert not os.path.exists(f"/proc/{process}/fd/0")


async def test_nothing_starts_before_it_is_needed() -> None:
    pool = WorkerPool(2, 8, MEMORY)
    await pool.stop()
    assert pool.outcomes == {}
