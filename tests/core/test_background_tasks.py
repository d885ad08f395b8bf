"""Work that outlives a call knows nothing of that call."""

import asyncio
import contextlib
import re
from contextvars import ContextVar
from pathlib import Path

import pytest

from colonnade import background_tasks
from colonnade.background_tasks import background_task, cancel_tasks, finish_tasks
from colonnade.context import Context, Principal, context_or_none, use_context

ROOT = Path(__file__).parents[2]

# Begun before anybody calls: the listener, what waits for signals, and the other processes.
BEFORE_ANY_CALL = {"background_tasks.py", "listening.py", "signals.py", "supervisor.py"}

variable: ContextVar[str] = ContextVar("variable", default="unset")


async def test_a_background_task_has_neither_tenant_nor_variables_of_who_began_it() -> None:
    async def seen() -> tuple[Context | None, str]:
        return context_or_none(), variable.get()

    variable.set("of the caller")
    with use_context(Context("acme", Principal.service("course"), 0.0, "request")):
        task = background_task(seen(), name="seen")
    assert await task == (None, "unset")
    assert task.get_name() == "seen"


def test_no_task_of_the_platform_is_begun_in_another_way() -> None:
    sources = [
        path for root in ("core", "runtime", "plugins") for path in (ROOT / root).rglob("*.py")
    ]
    begun = {
        path.name
        for path in sources
        if "testing" not in path.parts
        and re.search(r"create_task\(|ensure_future\(", path.read_text())
    }
    assert begun <= BEFORE_ANY_CALL, "use colonnade.background_tasks.background_task"


async def test_tasks_get_their_time_to_finish_and_only_late_ones_are_cancelled() -> None:
    leave = asyncio.Event()

    async def quick() -> str:
        await asyncio.sleep(0)
        return "done"

    async def slow() -> None:
        await leave.wait()

    tasks = [background_task(quick(), name="quick"), background_task(slow(), name="slow")]

    await finish_tasks(tasks, 0.05)

    assert tasks[0].result() == "done"
    assert tasks[1].cancelled()


async def test_a_task_that_does_not_end_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_tasks, "CANCEL_SECONDS", 0.05)
    leave = asyncio.Event()

    async def stubborn() -> None:
        while not leave.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await leave.wait()

    task = background_task(stubborn(), name="stubborn")
    await asyncio.sleep(0)

    await cancel_tasks([task])

    assert not task.done()
    leave.set()
    await task


async def test_without_tasks_nothing_is_waited_for() -> None:
    await finish_tasks([], 60.0)
    await cancel_tasks(())
