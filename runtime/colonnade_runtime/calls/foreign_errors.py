"""Exceptions of libraries and of Python, as the errors that callers know.

A library raises its own classes for what a client sent or what a server behind does not give.
Whatever is not named here is a mistake of ours, and says nothing of itself to a caller.
"""

import msgspec
from litestar.exceptions import HTTPException, SerializationException
from multipart import MultipartError  # type: ignore[import-untyped]
from sqlalchemy import exc as sql

from colonnade.errors import (
    ColonnadeError,
    Conflict,
    ContentTooLarge,
    DeadlineExceeded,
    Forbidden,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from colonnade.rows import ConstraintViolated, StaleRow

_OF_HTTP: dict[int, tuple[type[ColonnadeError], str]] = {
    401: (Unauthenticated, "This needs a sign-in: send 'Authorization: Bearer <access token>'."),
    403: (Forbidden, "You may not do this."),
    404: (NotFound, "There is nothing at this path."),
    405: (MethodNotAllowed, "This path does not take this method."),
    413: (ContentTooLarge, "The body is larger than this route takes."),
    415: (UnsupportedMediaType, "The body is of a type that this route does not take."),
    429: (TooManyRequests, "Too many requests; wait before the next."),
    503: (Unavailable, "Not available at the moment; try again."),
    504: (DeadlineExceeded, "No answer in time; it may have happened."),
}

_OF_CLASS: tuple[tuple[type[Exception] | tuple[type[Exception], ...], ColonnadeError], ...] = (
    # What a client sent; its decoder stands deeper than the one that names fields.
    (UnicodeError, InvalidRequest("The request holds text that is no Unicode.")),
    (RecursionError, InvalidRequest("The request is nested too deeply.")),
    (OverflowError, InvalidRequest("A number or a time of the request is out of range.")),
    (sql.DataError, InvalidRequest("A value of the request cannot be kept.")),
    (
        (msgspec.MsgspecError, SerializationException, MultipartError),
        InvalidRequest("The request cannot be decoded."),
    ),
    # What somebody else did meanwhile.
    (
        (sql.IntegrityError, ConstraintViolated, StaleRow),
        Conflict("This contradicts what was kept meanwhile."),
    ),
    # What a server or a disk behind does not give. A pool's timeout has done nothing.
    (
        (sql.TimeoutError, sql.OperationalError, sql.InterfaceError, sql.DisconnectionError),
        Unavailable("What this needs cannot be reached at the moment; try again."),
    ),
    (TimeoutError, DeadlineExceeded("No answer in time; it may have happened.")),
    (OSError, Unavailable("What this needs cannot be reached at the moment; try again.")),
)


def known_error(error: Exception) -> ColonnadeError:
    """The error that a caller is told of; an `InternalError` for a mistake of ours."""
    if isinstance(error, ColonnadeError):
        return error
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, ExceptionGroup):
        return known_error(error.exceptions[0])
    for classes, known in _OF_CLASS:
        if isinstance(error, classes):
            return known
    return InternalError("Something broke here; the log says what.")


def _of_http(error: HTTPException) -> ColonnadeError:
    status = error.status_code
    if status in _OF_HTTP:
        kind, sentence = _OF_HTTP[status]
        return kind(sentence, headers=error.headers)
    if 400 <= status < 500:
        return InvalidRequest(error.detail)
    return InternalError("Something broke here; the log says what.")
