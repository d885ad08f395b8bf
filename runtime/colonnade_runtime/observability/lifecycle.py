"""Lines about the life of a process: it starts, is ready, stops, has stopped."""

import os
import time
from importlib.metadata import version
from typing import Any

import structlog


class Lifecycle:
    """Says of one process what it is doing, with how long that took since it began."""

    def __init__(self, process: str) -> None:
        self._log = structlog.get_logger("colonnade")
        self._process = process
        self._since = time.monotonic()

    def starting(self, **what: Any) -> None:
        """The declaration is read; everything else begins."""
        self._say("starting", pid=os.getpid(), version=version("colonnade"), **what)

    def ready(self, **what: Any) -> None:
        """Log that it answers from now on."""
        self._say("ready", seconds=self._passed(), **what)

    def stopping(self) -> None:
        """Log that it was told to stop."""
        self._since = time.monotonic()
        self._say("stopping")

    def stopped(self) -> None:
        """All of it is closed."""
        self._say("stopped", seconds=self._passed())

    def _say(self, event: str, **what: Any) -> None:
        self._log.info(event, process=self._process, **what)

    def _passed(self) -> float:
        return round(time.monotonic() - self._since, 3)
