"""Logs of a bench: those of `colonnade run`, without local variables and secrets."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from colonnade_runtime.observability.logs import ErrorStreamLogger, processors_of


@contextmanager
def logs_of_run() -> Iterator[None]:
    """Write lines as `colonnade run` does on a console, for the block.

    Applies where structlog's own console would print local variables, and with them what a
    request came with; what a test has configured or captures stays.
    """
    before = structlog.get_config()
    if not any(_prints_local_variables(each) for each in before["processors"]):
        yield
        return
    structlog.configure(processors=processors_of("console"), logger_factory=ErrorStreamLogger)
    try:
        yield
    finally:
        structlog.configure(**before)


def _prints_local_variables(processor: Any) -> bool:
    if not isinstance(processor, structlog.dev.ConsoleRenderer):
        return False
    formatter = getattr(processor, "exception_formatter", None)
    return formatter is not structlog.dev.plain_traceback
