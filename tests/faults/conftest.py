"""Processes that are killed at named points, and started again."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from colonnade.crash_points import arm
from tests.quick_passwords import quick_passwords

_BACKGROUND = Path(__file__).parents[1] / "runtime" / "background"
sys.path[:0] = [
    str(Path(__file__).parent / "support"),
    str(_BACKGROUND / "support"),
]

SECONDS = 60

Child = Callable[[Callable[[], None], str], int]


@pytest.fixture(scope="module", autouse=True)
def cost() -> Iterator[None]:
    """Many people sign in, whose passwords are not what is tested here."""
    with quick_passwords():
        yield


def run_in_child(body: Callable[[], None], crash_at: str) -> int:
    """Run `body` in a process of its own; answers its exit code, -9 when it was killed."""
    process = os.fork()
    if process == 0:
        code = 70
        # Otherwise its first collection looks at, and so copies, all that the tests hold.
        gc.freeze()
        try:
            signal.alarm(SECONDS)
            arm(crash_at)
            body()
            code = 0
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


@pytest.fixture
def child() -> Child:
    return run_in_child
