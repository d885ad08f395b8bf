"""Bounded writer of lines that holds nobody up and never raises.

A pipe that nobody reads, a reader that is gone and a full disk are faults of whoever keeps the
lines. They cost lines, which are counted; never a request, and never the process.
"""

import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic

MAXIMUM_LINES = 20_000
"""Lines that may wait to be written; more are lost, and counted."""

MAXIMUM_BYTES = 8 * 1024 * 1024
"""Bytes that may wait to be written, as reckoned by those who wrote them."""

LARGEST_WRITE = 64 * 1024
"""Bytes that are gathered for one write."""

RETRY_SECONDS = 1.0
"""Seconds between attempts to write the line about lost lines to a stream that takes nothing."""

Render = Callable[[], str]
"""Makes whole lines, in the writer's thread."""


@dataclass(slots=True)
class LineCounts:
    """Lines of a process by what became of them."""

    written: int = 0
    """Lines that the stream took."""

    overflowed: int = 0
    """Lines for which there was no room while the stream took none."""

    refused: int = 0
    """Lines that the stream refused: its reader is gone, or its disk is full."""

    @property
    def lost(self) -> int:
        """Lines that nobody will see."""
        return self.overflowed + self.refused


@dataclass(frozen=True, slots=True)
class _Entry:
    lines: int
    size: int
    render: Render


def loss_in_words(lines: int) -> str:
    """The line for people about lines that are missing before it."""
    return f"{lines} log lines were lost here: the log was not read, or could not be written.\n"


class LineWriter:
    """Writes lines to one file descriptor, from a thread of its own.

    May be used from any thread, from a finaliser, and again after a `drain`.
    """

    def __init__(
        self,
        descriptor: int,
        *,
        maximum_lines: int = MAXIMUM_LINES,
        maximum_bytes: int = MAXIMUM_BYTES,
    ) -> None:
        self.descriptor = descriptor
        self.counts = LineCounts()
        self.describe_loss: Callable[[int], str] = loss_in_words
        self._maximum_lines = maximum_lines
        self._maximum_bytes = maximum_bytes
        self._queue: SimpleQueue[_Entry | None] = SimpleQueue()
        # Reentrant, since a finaliser that writes a line may run wherever this is held.
        self._lock = threading.RLock()
        self._empty = threading.Condition(self._lock)
        self._waiting_lines = 0
        self._waiting_bytes = 0
        self._announced = 0
        self._within_a_line = False
        self._closed = False
        self._thread: threading.Thread | None = None

    def write(self, text: str) -> None:
        """Write `text`, whole lines, soon."""
        self.defer(text.count("\n") or 1, len(text), lambda: text)

    def defer(self, lines: int, size: int, render: Render, share: float = 1.0) -> None:
        """Write soon what `render` makes: so many lines, about so many bytes.

        `share` is the part of all room that may be taken when this is added; who writes much
        leaves the rest to others.
        """
        with self._lock:
            if self._closed or not self._has_room(lines, size, share):
                self.counts.overflowed += lines
                return
            self._waiting_lines += lines
            self._waiting_bytes += size
            if self._thread is None:
                self._start()
        self._queue.put(_Entry(lines, size, render))

    def drain(self, seconds: float) -> bool:
        """Wait until everything is written or lost; False when that took longer."""
        until = monotonic() + seconds
        with self._empty:
            while self._waiting_lines > 0:
                left = until - monotonic()
                if left <= 0:
                    return False
                self._empty.wait(left)
        return True

    def close(self, seconds: float) -> None:
        """Write what waits, for at most `seconds`, and let go of the descriptor.

        What is written afterwards is lost.
        """
        with self._lock:
            self._closed = True
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(seconds)

    def _has_room(self, lines: int, size: int, share: float) -> bool:
        if self._waiting_lines == 0:
            return True
        return (
            self._waiting_lines + lines <= self._maximum_lines * share
            and self._waiting_bytes + size <= self._maximum_bytes * share
        )

    def _start(self) -> None:
        # A daemon: a stream that is stuck for ever must not keep the process.
        self._thread = threading.Thread(target=self._work, name="log-writer", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while (entries := self._next()) is not None:
            data = b"".join(map(_rendered, entries))
            self._put(data, sum(entry.lines for entry in entries))
            self._done(entries)
            self._announce_loss()

    def _next(self) -> list[_Entry] | None:
        """Take the next chunk, up to one write: empty while a loss is still to be told, None
        after the end."""
        unannounced = self.counts.lost > self._announced
        entries: list[_Entry] = []
        size = 0
        with suppress(Empty):
            entry = self._queue.get(timeout=RETRY_SECONDS if unannounced else None)
            while entry is not None:
                entries.append(entry)
                size += entry.size
                if size >= LARGEST_WRITE:
                    return entries
                entry = self._queue.get_nowait()
            if not entries:
                return None
            self._queue.put(None)
        return entries

    def _done(self, entries: list[_Entry]) -> None:
        with self._empty:
            self._waiting_lines -= sum(entry.lines for entry in entries)
            self._waiting_bytes -= sum(entry.size for entry in entries)
            self._empty.notify_all()

    def _announce_loss(self) -> None:
        lost = self.counts.lost - self._announced
        if lost and self._sent(self.describe_loss(lost).encode()) is None:
            self._announced += lost

    def _put(self, data: bytes, lines: int) -> None:
        left = self._sent(data)
        lost = 0 if left is None else min(lines, left.count(b"\n") or 1)
        with self._lock:
            self.counts.written += lines - lost
            self.counts.refused += lost

    def _sent(self, data: bytes) -> bytes | None:
        """Write `data`; return the part that the stream refused, or None."""
        if data and self._within_a_line:
            data = b"\n" + data
        view = memoryview(data)
        while view:
            try:
                count = os.write(self.descriptor, view)
            except BlockingIOError:
                # Whoever started the process made it so; there is no loop here to hold up.
                _wait_for_room(self.descriptor)
                continue
            except OSError:
                return bytes(view)
            self._within_a_line = view[count - 1] != ord("\n") if count else self._within_a_line
            view = view[count:]
        return None


def _rendered(entry: _Entry) -> bytes:
    try:
        return entry.render().encode("utf-8", "backslashreplace")
    except Exception as error:
        # Its values may be what cannot be shown, so nothing of them is.
        return f"a line cannot be shown ({type(error).__name__})\n".encode()


def _wait_for_room(descriptor: int) -> None:
    waiting = select.poll()
    waiting.register(descriptor, select.POLLOUT)
    waiting.poll(RETRY_SECONDS * 1000)
