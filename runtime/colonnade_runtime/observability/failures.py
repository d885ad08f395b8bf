"""Failures on log lines: class and sentence on every line, the trace once."""

import sys
import threading
import traceback
from collections.abc import Callable, Hashable
from time import monotonic
from typing import Any

from cachetools import TTLCache
from structlog.typing import EventDict, WrappedLogger

from colonnade.decoding import storable

TRACE_SECONDS = 600.0
"""Seconds that a trace counts as shown; the same failure then says its class and sentence alone."""

MAXIMUM_TRACES = 1_000
"""Failures that are told apart; the oldest make room."""

LONGEST_SENTENCE = 2_000
"""Characters of a failure's sentence that are shown."""

_SILENT = {
    TimeoutError: "it took longer than it may",
    KeyError: "there is no such key",
    AssertionError: "what must hold did not",
}


def failure_in_words(failure: BaseException) -> str:
    """Class and sentence of a failure, in one line; never empty, and never raises."""
    try:
        said = storable(" ".join(str(failure).split()))
    except Exception:
        said = "it cannot say why"
    if not said:
        kinds = (said for kind, said in _SILENT.items() if isinstance(failure, kind))
        said = next(kinds, "it does not say why")
    return f"{type(failure).__name__}: {said[:LONGEST_SENTENCE]}"


class ExplainedFailures:
    """A structlog processor: makes `error=exception`, `exc_info` and `log.exception` alike.

    Each line says class and sentence as `error`. The trace comes with the first line of the same
    failure, at the same place, in `TRACE_SECONDS`: a loop that fails each second says it once.
    Without `traces` no line has one.
    """

    def __init__(self, *, traces: bool = True, timer: Callable[[], float] = monotonic) -> None:
        self._traces = traces
        self._shown: TTLCache[Hashable, bool] = TTLCache(MAXIMUM_TRACES, TRACE_SECONDS, timer=timer)
        self._lock = threading.RLock()

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """`event` with `error` in words, and `exc_info` when its trace is to be shown."""
        said = event.get("error")
        failure = _failure_of(event.pop("exc_info", None))
        if isinstance(said, BaseException):
            failure = failure or said
            event["error"] = failure_in_words(said)
        if failure is None:
            return event
        event.setdefault("error", failure_in_words(failure))
        if self._traces and self._is_new(event.get("event"), failure):
            event["exc_info"] = failure
        return event

    def _is_new(self, event: Any, failure: BaseException) -> bool:
        key = (event if isinstance(event, str) else None, *_place_of(failure))
        with self._lock:
            if key in self._shown:
                return False
            self._shown[key] = True
        return True


def _failure_of(given: Any) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return given[1] if len(given) == 3 and isinstance(given[1], BaseException) else None
    return sys.exc_info()[1] if given else None


def _place_of(failure: BaseException) -> tuple[Hashable, ...]:
    """Fingerprint of a failure: its class and the line that raised it, causes too."""
    found: list[Hashable] = []
    seen: BaseException | None = failure
    while seen is not None and len(found) < 20:
        last = None
        for frame, line in traceback.walk_tb(seen.__traceback__):
            last = (frame.f_code.co_filename, line)
        found += [f"{type(seen).__module__}.{type(seen).__qualname__}", last]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return tuple(found)
