"""Standard output and standard error of a process that serves, behind bounded writers."""

import atexit
import io
import os
import sys
import threading
from collections.abc import Callable
from typing import TextIO

from colonnade_runtime.observability.line_writer import LineCounts, LineWriter

LAST_SECONDS = 1.0
"""Seconds that the end of a process waits for its last lines to be taken."""

LONGEST_PART = 64 * 1024
"""Characters that are kept until their line ends."""


class LineStream(io.TextIOBase):
    """A text stream whose whole lines go to a `LineWriter`; neither blocks nor raises.

    `flush` hands on what has no end yet, and waits for nothing.
    """

    def __init__(self, writer: LineWriter) -> None:
        self.writer = writer
        self._parts = threading.local()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Encoding of text."""
        return "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        """Handling of characters that have no encoding."""
        return "backslashreplace"

    def write(self, text: str) -> int:
        """Take `text`; lines of several threads are not mixed up.

        Raises:
            TypeError: it is not text, by which libraries tell streams of text from others.
        """
        whole: str = getattr(self._parts, "text", "") + text
        end = len(whole) if len(whole) > LONGEST_PART else whole.rfind("\n") + 1
        self._parts.text = whole[end:]
        if end:
            self.writer.write(whole[:end])
        return len(text)

    def flush(self) -> None:
        """Hand on what this thread has written of a line."""
        part = getattr(self._parts, "text", "")
        if part:
            self._parts.text = ""
            self.writer.write(part)

    def close(self) -> None:
        """Stay open, as long as the process does; a stream that is collected writes nothing."""

    def fileno(self) -> int:
        """The descriptor that is written to."""
        return self.writer.descriptor

    def isatty(self) -> bool:
        """True when a terminal reads it."""
        return os.isatty(self.writer.descriptor)

    def writable(self) -> bool:
        return True


def take_over_output() -> None:
    """Take over standard output and error: no write holds the process up or ends it from now on.

    Whatever writes to `sys.stdout` or `sys.stderr` is included: prints, warnings, the logs of
    libraries, traces. May be called again; streams without a descriptor, such as a test's, stay.
    """
    if _writers():
        return
    _occupy_standard_descriptors()
    stdout, stderr = _descriptor(sys.stdout, 1), _descriptor(sys.stderr, 2)
    first = None if stdout is None else LineWriter(stdout)
    second = None if stderr is None else LineWriter(stderr)
    if first and second and os.path.sameopenfile(first.descriptor, second.descriptor):
        # In one place, lines stand in the order in which they were written.
        second = first
    if first is not None:
        sys.stdout = LineStream(first)
    if second is not None:
        sys.stderr = LineStream(second)
    atexit.register(drain_output, LAST_SECONDS)


def drain_output(seconds: float = LAST_SECONDS) -> None:
    """Wait until what was written is taken, for at most `seconds`; before the process ends."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, LineStream):
            stream.flush()
    for writer in _writers():
        writer.drain(seconds)


def error_writer() -> LineWriter | None:
    """The writer behind standard error, once the output was taken over."""
    return sys.stderr.writer if isinstance(sys.stderr, LineStream) else None


def output_counts() -> LineCounts:
    """Lines of the whole process, both streams together."""
    total = LineCounts()
    for writer in _writers():
        total.written += writer.counts.written
        total.overflowed += writer.counts.overflowed
        total.refused += writer.counts.refused
    return total


def describe_losses(describe: Callable[[int], str]) -> None:
    """Set the function that phrases the line about lost lines, given their number."""
    for writer in _writers():
        writer.describe_loss = describe


def _writers() -> set[LineWriter]:
    streams = (sys.stdout, sys.stderr)
    return {each.writer for each in streams if isinstance(each, LineStream)}


def _descriptor(stream: TextIO | None, usual: int) -> int | None:
    try:
        if stream is None:
            # It was closed; what is written goes where `_occupy_standard_descriptors` opened.
            return usual
        stream.flush()
        return stream.fileno()
    except (OSError, ValueError):
        return None


def _occupy_standard_descriptors() -> None:
    """Open what was closed for this process: a store must not become its standard error."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        continue
    os.close(descriptor)
