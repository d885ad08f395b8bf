"""A line for every request, written off the hot path.

A request appends a record. A thread renders and writes what has gathered, at most a quarter of a
second later, so that neither rendering nor a slow terminal holds up a request. When whoever reads
the log falls behind, lines are lost rather than memory or requests, and a line says how many.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TextIO

import msgspec

from colonnade_runtime.declaration.platform import LoggingSection
from colonnade_runtime.logs import is_for_people

FLUSH_SECONDS = 0.25
"""How long a line waits for others at most."""

FLUSH_LINES = 1_000
"""How many lines are written at once."""

MAXIMUM_WAITING = 20_000
"""Lines that may wait for the thread; more are lost, and counted."""


class AccessLine(msgspec.Struct):
    """What is said of one request; the names are those of every other line of the log.

    A request that was refused before it had a tenant says null there.
    """

    timestamp: datetime
    method: str
    path: str
    status: int
    milliseconds: float
    request_id: str
    tenant: str | None
    traceparent: str | None
    event: str = "request"
    level: str = "info"


class LostLines(msgspec.Struct):
    """Says that lines are missing here."""

    timestamp: datetime
    lines: int
    event: str = "access log too slow: lines were lost"
    level: str = "warning"


Line = AccessLine | LostLines
Render = Callable[[list[Line]], str]

_encoder = msgspec.json.Encoder()


def json_lines(lines: list[Line]) -> str:
    """One JSON object a line, for machines."""
    return _encoder.encode_lines(lines).decode()


def console_lines(lines: list[Line]) -> str:
    """One short line a request, for people."""
    return "".join(map(_console_line, lines))


class AccessLog:
    """Used from one event loop. `stop` writes what is left; later lines are written at once."""

    def __init__(self, render: Render, stream: TextIO | None = None) -> None:
        self._render = render
        self._stream = stream or sys.stderr
        self._gathered: list[Line] = []
        self._timer: asyncio.TimerHandle | None = None
        self._waiting = 0
        self._lost = 0
        self._thread: ThreadPoolExecutor | None = ThreadPoolExecutor(
            1, thread_name_prefix="access-log"
        )

    def record(self, line: AccessLine) -> None:
        """Write `line` soon."""
        if self._waiting + len(self._gathered) >= MAXIMUM_WAITING:
            self._lost += 1
            return
        self._gathered.append(line)
        if self._thread is None or len(self._gathered) >= FLUSH_LINES:
            self._flush()
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(FLUSH_SECONDS, self._flush)

    async def stop(self) -> None:
        """Write everything and end the thread; waits a second for a reader that is stuck."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._gathered = self._take(), []
        loop = asyncio.get_running_loop()
        last = loop.run_in_executor(thread, self._write, lines)
        await asyncio.wait([last], timeout=1.0)
        thread.shutdown(wait=False)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._gathered = self._take(), []
        if self._thread is None:
            self._write(lines)
            return
        self._waiting += len(lines)
        loop = asyncio.get_running_loop()
        done = loop.run_in_executor(self._thread, self._write, lines)
        done.add_done_callback(lambda _: self._written(len(lines)))

    def _take(self) -> list[Line]:
        if not self._lost:
            return self._gathered
        lost, self._lost = LostLines(datetime.now(UTC), self._lost), 0
        return [*self._gathered, lost]

    def _written(self, lines: int) -> None:
        self._waiting -= lines

    def _write(self, lines: list[Line]) -> None:
        if not lines:
            return
        try:
            self._stream.write(self._render(lines))
            self._stream.flush()
        except (OSError, ValueError):
            # Nobody reads the log any more: that must not end the requests.
            return


def access_log_of(section: LoggingSection) -> AccessLog | None:
    """Where requests are written, if the declaration wants them to be."""
    if not section.access or section.level not in ("debug", "info"):
        return None
    return AccessLog(console_lines if is_for_people(section.format) else json_lines)


def _console_line(line: Line) -> str:
    time = line.timestamp.strftime("%H:%M:%S")
    if isinstance(line, LostLines):
        return f"{time} {line.event} ({line.lines})\n"
    # A path is the client's: it must not move the cursor or begin a line of its own.
    path = line.path if line.path.isprintable() else ascii(line.path)
    tenant = line.tenant or "-"
    return (
        f"{time} {line.status} {line.method} {path} "
        f"{line.milliseconds:g} ms {tenant} {line.request_id}\n"
    )
