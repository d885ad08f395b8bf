"""The queue of a file: one thread at a time has it, however many units come."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest
from store_harness import eventually

from colonnade_runtime.adapters.store.sqlite.write_queue import ROUNDS, WriteQueue
from colonnade_runtime.adapters.store.sqlite.write_unit import AnyUnit, WriteUnit

SECONDS = 20.0


class CountingExecutor(Executor):
    """A real executor that counts what it is given."""

    def __init__(self) -> None:
        self.submitted = 0
        self._threads = ThreadPoolExecutor(4)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.submitted += 1
        return self._threads.submit(fn, *args, **kwargs)


def unit() -> AnyUnit:
    def never(*arguments: Any) -> Any:
        raise AssertionError("no work is carried out here")

    return WriteUnit(never, never, None)


@pytest.mark.parametrize("count", [1, ROUNDS - 1, ROUNDS, ROUNDS + 1, 2 * ROUNDS, 3 * ROUNDS])
async def test_a_thread_goes_when_it_has_given_the_file_back(count: int) -> None:
    executor, go = CountingExecutor(), threading.Event()
    told: list[AnyUnit] = []

    def one_at_a_time(units: Sequence[AnyUnit]) -> Sequence[AnyUnit]:
        assert go.wait(SECONDS)
        return units[1:]

    queue = WriteQueue(executor, one_at_a_time, told.extend)
    units = [unit() for _ in range(count)]
    for each in units:
        queue.put(each)
    go.set()
    await eventually(lambda: len(told) == count)
    await asyncio.wait_for(queue.emptied(), SECONDS)
    assert told == units
    assert executor.submitted == -(-count // ROUNDS)
