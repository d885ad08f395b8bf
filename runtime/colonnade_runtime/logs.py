"""Logs by structlog: a console for people, JSON for machines; nothing personal or secret."""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from colonnade.context import context_or_none
from colonnade.secrets import MASK

MASKED_KEYS = frozenset(
    {
        "authorization",
        "cookie",
        "email",
        "name",
        "password",
        "refresh_token",
        "access_token",
        "secret",
        "token",
    }
)
"""Keys whose values never reach a log line, whoever wrote it."""


def configure_logs(level: str, form: str) -> None:
    """Set the whole process up. `form` is console, json, or auto (console on a terminal)."""
    console = is_for_people(form)
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    )
    processors: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_call,
        mask,
    ]
    if not console:
        processors.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


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


def mask(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Hide values under keys that hold personal or secret data."""
    for key in MASKED_KEYS & event.keys():
        event[key] = MASK
    return event
