"""Logs by structlog: a console for people, JSON for machines; nothing personal or secret."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, NoReturn

import structlog
from structlog.typing import EventDict, WrappedLogger

from colonnade.context import Principal, context_or_none
from colonnade_runtime.network.addresses import Shown, masked_address
from colonnade_runtime.observability.failures import ExplainedFailures
from colonnade_runtime.observability.library_logs import LibraryLogs
from colonnade_runtime.observability.line_writer import loss_in_words
from colonnade_runtime.observability.masking import mask
from colonnade_runtime.observability.output import describe_losses
from colonnade_runtime.observability.repetition import RepeatedLines


def configure_logs(
    level: str, form: str, client_address: Shown = "network", *, traces: bool = True
) -> None:
    """Set the whole process up. `form` is console, json, or auto (console on a terminal).
    `client_address` says how much of an address a line shows. Without `traces` a failure is its
    class and sentence alone, as for commands that a person reads the output of.

    May be called again; loggers that exist take the new level and form.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=processors_of(
            form, client_address, bounded=number > logging.DEBUG, traces=traces
        ),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=ErrorStreamLogger,
        cache_logger_on_first_use=False,
    )
    describe_losses(loss_in_words if is_for_people(form) else loss_as_json)
    LibraryLogs.install(number)


@contextmanager
def muted_logs() -> Iterator[None]:
    """Drop every line for the block; what was configured before comes back."""
    before = structlog.get_config()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), processors=[_drop])
    try:
        yield
    finally:
        structlog.configure(**before)


def _drop(logger: Any, name: str, entry: Any) -> NoReturn:
    raise structlog.DropEvent


class ErrorStreamLogger:
    """Hands finished lines to standard error as it is at the time, and never raises."""

    def __init__(self, *args: Any) -> None:
        """Construct as structlog does; the arguments are names, and lines carry those."""

    def msg(self, line: str) -> None:
        """Write one line."""
        # Nobody reads it any more, or it was closed: that is no reason to fail a request.
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    debug = info = warning = warn = error = critical = fatal = exception = log = failure = msg


def loss_as_json(lines: int) -> str:
    """The line for machines about lines that are missing before it."""
    line = {
        "timestamp": datetime.now(UTC).isoformat(),
        "level": "warning",
        "event": "log lines were lost",
        "lines": lines,
    }
    return f"{json.dumps(line)}\n"


def processors_of(
    form: str,
    client_address: Shown = "network",
    *,
    bounded: bool = False,
    traces: bool = True,
) -> list[Any]:
    """Processors of a line, from the call to its text. `bounded` holds lines of one kind back once
    there were enough of them."""
    shared: list[Any] = [
        CallDetails(client_address),
        *([RepeatedLines()] if bounded else []),
        ExplainedFailures(traces=traces),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if is_for_people(form):
        # The default would print local variables, and with them what is secret.
        trace = structlog.dev.plain_traceback
        return [*shared, mask, structlog.dev.ConsoleRenderer(exception_formatter=trace)]
    return [
        *shared,
        structlog.processors.format_exc_info,
        mask,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def is_for_people(form: str) -> bool:
    """True when lines of this form are for a console."""
    return form == "console" or (form == "auto" and sys.stderr.isatty())


def is_for_machines(form: str, *, production: bool) -> bool:
    """True when programs read the output, so that a line of plain text among lines of JSON would
    be a mistake: where JSON is declared, and in production without a terminal."""
    return form == "json" or (production and not is_for_people(form))


class CallDetails:
    """A structlog processor: puts on a line for whom, and for whose request, it is written."""

    def __init__(self, client_address: Shown) -> None:
        self._client_address = client_address

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        """`event` with academy, request, trace, principal and client of the current call."""
        context = context_or_none()
        if context is None:
            return event
        event.setdefault("tenant", context.tenant)
        event.setdefault("request_id", context.request_id)
        event.setdefault("principal", principal_in_words(context.principal))
        if context.client and (client := masked_address(context.client, self._client_address)):
            event.setdefault("client", client)
        if context.traceparent:
            event.setdefault("traceparent", context.traceparent)
        return event


def principal_in_words(principal: Principal) -> str:
    """Kind and id of who acts: `user:018f…`, `service:payment`, `anonymous`."""
    kind = str(principal.kind)
    return principal.id if principal.id.startswith(kind) else f"{kind}:{principal.id}"
