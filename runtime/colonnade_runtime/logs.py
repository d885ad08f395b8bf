"""Logs by structlog: a console for people, JSON for machines; nothing personal or secret."""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from colonnade.context import context_or_none
from colonnade_runtime.library_logs import LibraryLogs
from colonnade_runtime.log_masking import mask


def configure_logs(level: str, form: str) -> None:
    """Set the whole process up. `form` is console, json, or auto (console on a terminal).

    May be called again; loggers that exist take the new level and form.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=processors_of(form),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    LibraryLogs.install(number)


def processors_of(form: str) -> list[Any]:
    """What a line goes through, from the call to its text."""
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_call,
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
    """Whether lines of this form are for a console."""
    return form == "console" or (form == "auto" and sys.stderr.isatty())


def add_call(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Put tenant, request id and trace of the current call on the line."""
    context = context_or_none()
    if context is not None:
        event.setdefault("tenant", context.tenant)
        event.setdefault("request_id", context.request_id)
        if context.traceparent:
            event.setdefault("traceparent", context.traceparent)
    return event
