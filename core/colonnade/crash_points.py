"""Named places where a test may kill the process, to prove that nothing is lost or doubled.

`COLONNADE_CRASH_AT=relay.published` kills the process with SIGKILL the first time that point
is reached; `relay.published:3` the third time. Without the variable a point costs two
comparisons. A simulation watches the points instead, and decides at each what happens there.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_registered: dict[str, str] = {}


@dataclass(slots=True)
class _Armed:
    name: str = ""
    left: int = 0
    watcher: Callable[[str], None] | None = None


_armed = _Armed()


def crash_point(name: str, description: str) -> str:
    """Register a point under `name` (`<part>.<past participle>`) and return the name."""
    _registered[name] = description
    return name


def crash_points() -> dict[str, str]:
    """Every registered point with what has and has not happened there."""
    return dict(_registered)


def arm(where: str) -> None:
    """Ask for the point `<name>` or `<name>:<count>`; an empty text asks for none."""
    _armed.name, _, count = where.partition(":")
    _armed.left = int(count) if count.isdigit() else 1


def reach(name: str) -> None:
    """Die here if this is the point that was asked for."""
    if _armed.watcher is not None:
        _armed.watcher(name)
    if _armed.name != name:
        return
    _armed.left -= 1
    if _armed.left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def watched_by(watcher: Callable[[str], None]) -> Iterator[None]:
    """For the block, tell `watcher` the name of every point that is reached; it may raise."""
    before, _armed.watcher = _armed.watcher, watcher
    try:
        yield
    finally:
        _armed.watcher = before


arm(os.environ.get("COLONNADE_CRASH_AT", ""))
