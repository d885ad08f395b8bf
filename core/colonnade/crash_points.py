"""Named places where a test may kill the process, to prove that nothing is lost or doubled.

`COLONNADE_CRASH_AT=relay.published` kills the process with SIGKILL the first time that point is
reached; `relay.published:3` the third time; `saga.begun/capture` in the step of that name;
`relay.published@saga.begun/capture` the first time after that. Without the variable a point costs
two comparisons. A simulation watches the points instead, and decides at each what happens there.
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
    at: str = ""
    left: int = 0
    then: str = ""
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
    """Ask for the point `<name>[/<at>][:<count>]`, or for one `@` another, which must be reached
    before; an empty text asks for none."""
    _armed.then, _, first = where.rpartition("@")
    point, _, count = first.partition(":")
    _armed.name, _, _armed.at = point.partition("/")
    _armed.left = int(count) if count.isdigit() else 1


def reach(name: str, at: str = "") -> None:
    """Die here if this is the point that was asked for; `at` says in the course of what."""
    if _armed.watcher is not None:
        _armed.watcher(name)
    if _armed.name != name or _armed.at not in ("", at):
        return
    _armed.left -= 1
    if _armed.left > 0:
        return
    if _armed.then:
        arm(_armed.then)
    elif _armed.left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def watched_by(watcher: Callable[[str], None]) -> Iterator[None]:
    """Tell `watcher` the name of every point that is reached within the block; it may raise."""
    before, _armed.watcher = _armed.watcher, watcher
    try:
        yield
    finally:
        _armed.watcher = before


arm(os.environ.get("COLONNADE_CRASH_AT", ""))
