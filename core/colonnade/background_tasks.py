"""Tasks that go on after the call that began them."""

import asyncio
from collections.abc import Coroutine
from contextvars import Context as Variables
from typing import Any, TypeVar

T = TypeVar("T")


def background_task(work: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
    """Run `work` as a task of its own, with no context variable set.

    A task of asyncio inherits the variables of whoever happened to begin it: the tenant, the
    person and the tracked reads of one call would follow what is done for everybody, or for
    another. What it does for a tenant, it does in a context that it makes for itself.
    """
    return asyncio.get_running_loop().create_task(work, name=name, context=Variables())
