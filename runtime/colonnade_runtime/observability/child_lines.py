"""Lines of the processes that one command runs together, and lines about them."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Protocol

import click
import msgspec
import structlog


class ChildLines(Protocol):
    """Streams that both kinds of lines go to."""

    def relay(self, child: str, line: str) -> None:
        """Write what a process said."""
        ...

    def relay_ready(self, child: str, line: str) -> None:
        """Write the line by which a process told that it is ready."""
        ...

    def tell(self, level: str, child: str, event: str, sentence: str = "", **facts: Any) -> None:
        """Say what happens to a process: `event` and `facts` for machines, `sentence` for people,
        who are told nothing where it is empty."""
        ...


class PrefixedLines:
    """Lines for people, on standard output: each begins with the name of its process."""

    def __init__(self, children: Sequence[str]) -> None:
        self._width = max(map(len, children))

    def relay(self, child: str, line: str) -> None:
        """Write what a process said."""
        click.echo(f"{child:<{self._width}} | {line}")

    relay_ready = relay

    def tell(self, level: str, child: str, event: str, sentence: str = "", **facts: Any) -> None:
        """Say it in a sentence."""
        if sentence:
            self.relay(child, sentence)


class JsonLines:
    """Lines for machines, on standard error: each is a JSON object that names its process."""

    def relay(self, child: str, line: str) -> None:
        """Write what a process said; text that is no JSON object becomes the `event` of one."""
        said = _object_of(line)
        if said is None:
            if not line.strip():
                return
            said = {"timestamp": datetime.now(UTC).isoformat(), "level": "info", "event": line}
        said.setdefault("process", child)
        # Nobody reads it any more: that ends no process.
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{msgspec.json.encode(said).decode()}\n")

    def relay_ready(self, child: str, line: str) -> None:
        """Write nothing: the process has said it in JSON, too."""

    def tell(self, level: str, child: str, event: str, sentence: str = "", **facts: Any) -> None:
        """Log it, as the process that watches over the others."""
        log = structlog.get_logger("colonnade")
        getattr(log, level)(event, process=child, **facts)


def _object_of(line: str) -> dict[str, Any] | None:
    if not line.startswith("{"):
        return None
    try:
        said = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    return said if isinstance(said, dict) else None
