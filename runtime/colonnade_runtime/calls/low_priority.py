"""Threads for work in native code that burns a processor, behind the thread of the event loop."""

import contextlib
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

NICENESS = 5
"""Added to the priority of the process: a thread of the loop that wants a processor gets nine
times the share, and at once (sched(7), "The nice value")."""


def low_priority_threads() -> int:
    """Number of threads: one less than the processors of this process, and one at least."""
    return max(1, usable_processors() - 1)


def usable_processors() -> int:
    """Number of processors that this process may run on."""
    # Not in every system's `os`.
    affinity = getattr(os, "sched_getaffinity", None)
    return (os.cpu_count() or 1) if affinity is None else len(affinity(0))


def low_priority_pool() -> ThreadPoolExecutor:
    """Pool of threads of a lower priority, where the system gives threads one of their own."""
    return ThreadPoolExecutor(
        low_priority_threads(), thread_name_prefix="low-priority", initializer=lower_priority
    )


def lower_priority() -> None:
    """Lower the priority of the calling thread; elsewhere than on Linux it keeps its own.

    Only Linux takes the id of a thread where POSIX says process (setpriority(2), "C library/kernel
    differences").
    """
    if sys.platform != "linux":
        return
    thread = threading.get_native_id()
    # A sandbox may forbid it; the number of threads is bounded all the same.
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICENESS)
