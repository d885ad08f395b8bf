"""Logs of libraries by the standard library's `logging`, on the same lines as ours."""

import logging
from typing import Any, ClassVar

import structlog

from colonnade_runtime.observability.masking import masked_value


class LibraryLogs(logging.Handler):
    """Hands records to structlog, so that they are masked, named and rendered like all others."""

    _QUIET: ClassVar[int] = logging.WARNING

    @classmethod
    def install(cls, level: int) -> None:
        """Become the handler of all loggers; below a warning, libraries speak only at `debug`.

        May be called again with another level.
        """
        root = logging.getLogger()
        if not any(isinstance(handler, cls) for handler in root.handlers):
            root.addHandler(cls())
        root.setLevel(logging.INFO if level <= logging.DEBUG else max(level, cls._QUIET))
        logging.captureWarnings(True)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record. Its arguments are masked before they become text."""
        try:
            log = structlog.get_logger(record.name)
            method = _METHODS.get(record.levelno, "error" if record.levelno > 40 else "info")
            details: dict[str, Any] = {"logger": record.name}
            if record.exc_info:
                details["exc_info"] = record.exc_info
            getattr(log, method)(_message(record), **details)
        except Exception:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Say that a line is lost; the default would print its arguments."""
        structlog.get_logger("logs").error("a library's line cannot be shown", logger=record.name)


_METHODS = {
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warning",
    logging.ERROR: "error",
    logging.CRITICAL: "critical",
}


def _message(record: logging.LogRecord) -> str:
    text = record.msg if isinstance(record.msg, str) else str(masked_value(record.msg))
    if not record.args:
        return text
    if isinstance(record.args, dict):
        return str(text % masked_value(record.args))
    return str(text % tuple(masked_value(argument) for argument in record.args))


def granian_logs() -> dict[str, Any]:
    """Logging configuration for granian: propagate, like any library."""
    loggers = {name: {"handlers": [], "propagate": True} for name in ("_granian", "granian.access")}
    return {"formatters": {}, "handlers": {}, "loggers": loggers}
