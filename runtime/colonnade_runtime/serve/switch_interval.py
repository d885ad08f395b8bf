"""Switch interval of a process that serves: how long its threads keep the interpreter's lock."""

import sys

SWITCH_INTERVAL_SECONDS = 0.0005
"""A tenth of what Python has. Whenever the loop wakes up while a transaction's thread runs Python,
it waits this long for the lock, and again for each other thread that takes it first; see
docs/decisions/switch-interval.md."""


def share_the_lock() -> None:
    """Make threads hand on the interpreter's lock soon after another wants it."""
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
