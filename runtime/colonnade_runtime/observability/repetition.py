"""Bound on what strangers, and loops that fail, can make a log say again and again."""

import asyncio
import threading
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from colonnade.context import PrincipalKind, context_or_none

LINES = 30
"""Lines of one event, academy and kind of caller that are written in each window."""

WINDOW_SECONDS = 60.0

MAXIMUM_KINDS = 5_000
"""Kinds of lines that are told apart; all others share one window."""

SUMMARY = "lines held back"
"""The event of the line that says how many were not written."""

_OTHERS = ("others",)


@dataclass(slots=True)
class _Window:
    first: EventDict
    method: str
    ends: float
    seen: int = 0


class RepeatedLines:
    """A structlog processor: writes at most `LINES` a window of each kind, then how many more.

    Lines are of one kind when their event, academy and kind of caller are the same: what
    strangers do in one academy hides neither what its people do nor what happens in another.
    """

    def __init__(self) -> None:
        self._windows: dict[Hashable, _Window] = {}
        # Reentrant: a finaliser may write a line while another is being counted.
        self._lock = threading.RLock()

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """Let a line pass, or raise structlog's `DropEvent`."""
        if event.get("event") == SUMMARY:
            return event
        with self._lock:
            key, ended = self._window(_kind_of(event), method, event)
            window = self._windows[key]
            window.seen += 1
            seen = window.seen
        if ended is not None:
            _tell(ended)
        if seen <= LINES:
            return event
        if seen == LINES + 1:
            self._tell_at_the_end(key, window)
        raise structlog.DropEvent

    def _window(
        self, key: Hashable, method: str, event: EventDict
    ) -> tuple[Hashable, _Window | None]:
        """The kind that a line counts for, and its window that has ended since."""
        now = monotonic()
        if key not in self._windows and len(self._windows) >= MAXIMUM_KINDS:
            self._forget_ended(now)
            if len(self._windows) >= MAXIMUM_KINDS:
                key = _OTHERS
        window = self._windows.get(key)
        if window is not None and window.ends > now:
            return key, None
        shown = {name: event[name] for name in ("event", "logger", "tenant") if name in event}
        self._windows[key] = _Window(shown, method, now + WINDOW_SECONDS)
        return key, window

    def _forget_ended(self, now: float) -> None:
        for key, window in list(self._windows.items()):
            if window.ends <= now and window.seen <= LINES:
                del self._windows[key]

    def _tell_at_the_end(self, key: Hashable, window: _Window) -> None:
        # Without a loop it is told with the next line of its kind.
        with suppress(RuntimeError):
            loop = asyncio.get_running_loop()
            loop.call_later(max(0.0, window.ends - monotonic()), self._close, key, window)

    def _close(self, key: Hashable, window: _Window) -> None:
        with self._lock:
            if self._windows.get(key) is not window:
                return
            del self._windows[key]
        _tell(window)


def _kind_of(event: EventDict) -> Hashable:
    context = context_or_none()
    stranger = context is not None and context.principal.kind is PrincipalKind.ANONYMOUS
    library = event.get("logger")
    # A library's lines have values in their text; each would be a kind of its own.
    said: Any = event.get("event") if library is None else library
    return (said if isinstance(said, str) else type(said), event.get("tenant"), stranger)


def _tell(window: _Window) -> None:
    if window.seen > LINES:
        log = structlog.get_logger()
        write = getattr(log, window.method, log.info)
        what = {"of": window.first.get("event"), **_without_event(window.first)}
        write(SUMMARY, count=window.seen - LINES, seconds=WINDOW_SECONDS, **what)


def _without_event(first: EventDict) -> EventDict:
    return {key: value for key, value in first.items() if key != "event"}
