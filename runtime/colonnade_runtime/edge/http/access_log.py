"""A line for every request, written off the hot path.

A request appends a record. The log's own thread renders and writes what has gathered, at most a
quarter of a second later, so that neither rendering nor a slow terminal holds up a request.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import msgspec
from litestar.types import HTTPScope

from colonnade_runtime.declaration.model.platform import LoggingSection
from colonnade_runtime.edge.http.exchange import Exchange
from colonnade_runtime.network.addresses import Shown, masked_address
from colonnade_runtime.observability.line_writer import LineWriter
from colonnade_runtime.observability.logs import is_for_people, principal_in_words
from colonnade_runtime.observability.output import error_writer
from colonnade_runtime.observability.secret_paths import shown_path

FLUSH_SECONDS = 0.25
"""Seconds that a line waits for others at most."""

FLUSH_LINES = 1_000
"""Lines written at once."""

LINE_BYTES = 250
"""Bytes of a line beside its path, roughly."""

SHARE = 0.5
"""Part of the log's room that access lines may take: a flood of requests hides no error."""

STOP_SECONDS = 1.0
"""Seconds that `stop` waits for a reader that is stuck."""

STANDARD_ERROR = 2


class AccessLine(msgspec.Struct):
    """Fields of one request; their names are those of every other log line.

    A request that was refused before its tenant or its sender were known says null there.
    """

    timestamp: datetime
    method: str
    path: str
    status: int
    milliseconds: float
    request_id: str
    tenant: str | None
    principal: str | None
    client: str
    traceparent: str | None
    event: str = "request"
    level: str = "info"


Render = Callable[[list[AccessLine]], str]

_encoder = msgspec.json.Encoder()


def json_lines(lines: list[AccessLine]) -> str:
    """One JSON object a line, for machines."""
    return _encoder.encode_lines(lines).decode()


def console_lines(lines: list[AccessLine]) -> str:
    """One short line a request, for people."""
    return "".join(map(_console_line, lines))


class AccessLog:
    """Used from one event loop. `stop` hands over what is left; later lines go at once."""

    def __init__(
        self, render: Render, writer: LineWriter, client_address: Shown = "network"
    ) -> None:
        self._render = render
        self._client_address = client_address
        self.writer = writer
        self._gathered: list[AccessLine] = []
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False

    def record(self, line: AccessLine) -> None:
        """Write `line` soon."""
        self._gathered.append(line)
        if self._stopped or len(self._gathered) >= FLUSH_LINES:
            self.hand_over()
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(FLUSH_SECONDS, self.hand_over)

    async def stop(self) -> None:
        """Hand over everything, and wait a second for it to be written."""
        if self._stopped:
            return
        self._stopped = True
        self.hand_over()
        await asyncio.to_thread(self.writer.drain, STOP_SECONDS)

    def hand_over(self) -> None:
        """Give what has gathered to the writer, now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._gathered = self._gathered, []
        if lines:
            size = sum(LINE_BYTES + len(line.path) for line in lines)
            self.writer.defer(len(lines), size, partial(self._shown, lines), SHARE)

    def _shown(self, lines: list[AccessLine]) -> str:
        for line in lines:
            line.path = shown_path(line.path)
            line.client = masked_address(line.client, self._client_address)
        return self._render(lines)


def line_of(scope: HTTPScope, exchange: Exchange, seconds: float) -> AccessLine:
    """Make the line of a request that took `seconds`."""
    tenant, principal = exchange.caller or (None, None)
    if exchange.context is not None:
        tenant = exchange.context.tenant
        principal = principal_in_words(exchange.context.principal)
    return AccessLine(
        datetime.now(UTC),
        scope["method"],
        scope["path"],
        exchange.status,
        round(seconds * 1000, 1),
        exchange.request_id,
        tenant,
        principal,
        exchange.origin.client,
        exchange.traceparent,
    )


def access_log_of(section: LoggingSection) -> AccessLog | None:
    """Make the access log, if the declaration wants one."""
    if not section.access or section.level not in ("debug", "info"):
        return None
    render = console_lines if is_for_people(section.format) else json_lines
    writer = error_writer() or LineWriter(STANDARD_ERROR)
    return AccessLog(render, writer, section.client_address)


def _console_line(line: AccessLine) -> str:
    time = line.timestamp.strftime("%H:%M:%S")
    # A path is the client's: it must not move the cursor or begin a line of its own.
    path = line.path if line.path.isprintable() else ascii(line.path)
    tenant, principal, client = line.tenant or "-", line.principal or "-", line.client or "-"
    what = line.method if line.event == "request" else line.event
    return (
        f"{time} {line.status} {what} {path} "
        f"{line.milliseconds:g} ms {tenant} {principal} {client} {line.request_id}\n"
    )
