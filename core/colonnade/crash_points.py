"""Named places where a test may kill the process, to prove that nothing is lost or doubled.

`COLONNADE_CRASH_AT=relay.published` kills the process with SIGKILL the first time that point
is reached; `relay.published:3` the third time. Without the variable a point costs one
comparison.
"""

import os
import signal

_registered: dict[str, str] = {}
_wanted, _, _count = os.environ.get("COLONNADE_CRASH_AT", "").partition(":")
_left = int(_count) if _count.isdigit() else 1


def crash_point(name: str, description: str) -> str:
    """Register a point under `name` (`<part>.<past participle>`) and return the name."""
    _registered[name] = description
    return name


def crash_points() -> dict[str, str]:
    """Every registered point with what has and has not happened there."""
    return dict(_registered)


def reach(name: str) -> None:
    """Die here if this is the point that was asked for."""
    global _left
    if _wanted != name:
        return
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
