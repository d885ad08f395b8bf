"""Tasks that go on after the call that began them."""

import asyncio
from collections.abc import Collection, Coroutine
from contextvars import Context as Variables
from typing import Any, TypeVar

T = TypeVar("T")

CANCEL_SECONDS = 1.0
"""How long a cancelled task may take to end."""


def background_task(work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
    """Run `work` as a task of its own, with no context variable set.

    A task of asyncio inherits the variables of whoever happened to begin it: the tenant, the
    person and the tracked reads of one call would follow what is done for everybody, or for
    another. What it does for a tenant, it does in a context that it makes for itself.
    """
    return asyncio.get_running_loop().create_task(work, name=name, context=Variables())


async def finish_tasks(tasks: Collection["asyncio.Task[Any]"], seconds: float) -> None:
    """Wait at most `seconds` until all of `tasks` have ended, then cancel those that have not."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=seconds)
    await cancel_tasks(late)


async def cancel_tasks(tasks: Collection["asyncio.Task[Any]"]) -> None:
    """Cancel `tasks`, and wait `CANCEL_SECONDS` at most for their end.

    One that does not end by then is left behind: whoever stops must not hang on it.
    """
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=CANCEL_SECONDS)
