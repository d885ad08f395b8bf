"""A thread that wants the interpreter's lock gets it long before Python's own 5 ms."""

import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from colonnade_runtime.serve import services
from colonnade_runtime.serve.switch_interval import share_the_lock

LOOKS = 40
WAIT_SECONDS = 0.001
PYTHONS_OWN_SECONDS = 0.005


@pytest.fixture(autouse=True)
def _interval() -> Iterator[None]:
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


def shortest_wait() -> float:
    """Seconds until this thread has the lock again after it let go, beside one that keeps it."""
    over = threading.Event()

    def keep() -> None:
        while not over.is_set():
            sum(range(200))

    keeper = threading.Thread(target=keep)
    keeper.start()
    waits = []
    for _ in range(LOOKS):
        began = time.perf_counter()
        time.sleep(WAIT_SECONDS)
        waits.append(time.perf_counter() - began - WAIT_SECONDS)
    over.set()
    keeper.join()
    return min(waits)


def test_the_lock_is_handed_on_within_a_fraction_of_what_python_takes() -> None:
    share_the_lock()
    assert shortest_wait() < PYTHONS_OWN_SECONDS / 2


def test_a_process_that_serves_shares_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    class ServedError(Exception):
        pass

    def stop_here(*arguments: object) -> None:
        raise ServedError

    monkeypatch.setattr(services, "keep_files_private", stop_here)
    monkeypatch.setattr(services, "configure_logs", lambda *arguments: None)
    monkeypatch.setattr(services, "set_imports_aside", lambda: None)
    monkeypatch.setattr(services, "give_back_large_blocks", lambda: None)
    with pytest.raises(ServedError):
        services.serve(Path(__file__).parents[3] / "platform.yaml")
    assert sys.getswitchinterval() < PYTHONS_OWN_SECONDS / 2
