"""Lets a child end with its parent, also when the parent is killed."""

import ctypes
import signal
import sys

_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


def end_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Called in the child before it becomes another program: a signal when the parent ends.

    prctl(2), PR_SET_PDEATHSIG. A change of user undoes it, so that comes first. Elsewhere than on
    Linux it does nothing.
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, number)
