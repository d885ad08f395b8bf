"""Threads that burn a processor stand behind the loop's, by number and, on Linux, by priority."""

import os
import sys
import threading

import pytest

from colonnade_runtime.calls.low_priority import (
    NICENESS,
    low_priority_pool,
    low_priority_threads,
    usable_processors,
)


def test_a_processor_is_left_to_the_loop_and_one_thread_to_the_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert low_priority_threads() == max(1, usable_processors() - 1)
    for processors, threads in ((1, 1), (2, 1), (8, 7)):
        monkeypatch.setattr(
            "colonnade_runtime.calls.low_priority.usable_processors", lambda found=processors: found
        )
        assert low_priority_threads() == threads


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own there")
def test_the_threads_and_no_other_have_a_lower_priority() -> None:
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = priority()
    with low_priority_pool() as pool:
        assert pool.submit(priority).result(10) == min(19, before + NICENESS)
    assert priority() == before


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own there")
def test_a_system_that_forbids_it_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*arguments: int) -> None:
        raise PermissionError("no")

    monkeypatch.setattr(os, "setpriority", forbidden)
    with low_priority_pool() as pool:
        assert pool.submit(len, "done").result(10) == 4
