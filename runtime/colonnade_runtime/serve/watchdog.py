"""The last resort of a stop: a thread that ends the process when its time is over."""

import os
import sys
import threading

from colonnade_runtime.observability.output import drain_output

TOO_LATE = 1
"""The exit code of a stop that had to be cut off."""


class Watchdog:
    """Ends the process `seconds` after `start`, even when the event loop or a thread is stuck."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def start(self) -> None:
        """Begin to count; nothing takes it back but the end of the process."""
        timer = threading.Timer(self._seconds, self._end)
        timer.daemon = True
        timer.start()

    def _end(self) -> None:
        sys.stderr.write(
            f"Stopping took longer than shutdown.total ({self._seconds:g} s); the process ends"
            " now, and what was left goes on at the next start.\n"
        )
        drain_output()
        os._exit(TOO_LATE)
