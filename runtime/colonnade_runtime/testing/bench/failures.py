"""Failures of a service under test, as they reach the test."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from colonnade.errors import ColonnadeError, InternalError
from colonnade_runtime.calls.foreign_errors import known_error


@contextmanager
def errors_told() -> Iterator[None]:
    """Raise for a library's error the one that a caller is told of, as HTTP and the bus do; a
    mistake of the service itself stays what it is, so that the test shows where."""
    try:
        yield
    except ColonnadeError:
        raise
    except Exception as error:
        told = known_error(error)
        if isinstance(told, InternalError):
            raise
        raise told from error


def raise_last(failures: Sequence[Exception]) -> None:
    """Raise the last of `failures`, if there is one."""
    if failures:
        raise failures[-1]
