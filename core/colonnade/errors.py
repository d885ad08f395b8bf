"""Errors with stable codes: the same class on both sides of a call, a problem document on HTTP.

A service declares its own errors in its `api.py` by subclassing one of these and giving a
`code`; an operation lists the ones it may raise. A caller in another process gets the same
class back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

LONGEST_POINTER = 300
"""Characters of a pointer in an answer: all of an honest one, a few steps of a hostile one."""

LONGEST_STEP = 100
"""Characters of one step of a pointer."""

LONGEST_SENTENCE = 500
"""Characters of what an answer says about a field."""


def in_short(text: str, longest: int) -> str:
    """The text, or its beginning and an ellipsis, of characters that can be shown (no half ones,
    which are no text in any encoding)."""
    shown = text if len(text) <= longest else text[: longest - 1] + "…"
    return shown.encode("utf-8", "replace").decode()


def _pointer_in_short(pointer: str) -> str:
    if len(pointer) <= LONGEST_STEP:
        return in_short(pointer, LONGEST_STEP)
    steps = "/".join(in_short(step, LONGEST_STEP) for step in pointer.split("/"))
    # Half an escape would make it no pointer (RFC 6901 §3).
    return in_short(steps, LONGEST_POINTER).replace("~…", "…")


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field of a request.

    `pointer` is a JSON pointer (RFC 6901) into the body, or `?name` for a query parameter,
    `/name` in the path being written `{name}`, and a header by its name.
    """

    pointer: str
    message: str
    code: str = "invalid"

    def __post_init__(self) -> None:
        # Both may quote what a client sent; an answer must not grow with it.
        object.__setattr__(self, "pointer", _pointer_in_short(self.pointer))
        object.__setattr__(self, "message", in_short(self.message, LONGEST_SENTENCE))


class ColonnadeError(Exception):
    """The root of everything that Colonnade raises on purpose.

    `message` is a sentence for the person who can act on it. `details` is plain data that
    travels with the error; it must hold nothing secret. `reason` is what operators read instead,
    in the log: only it may name files, paths and addresses, and it never leaves the process.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(
        self,
        message: str = "",
        *,
        details: Mapping[str, Any] | None = None,
        fields: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        reason: str = "",
    ) -> None:
        self.message = message or self.title
        self.reason = reason
        self.details = dict(details or {})
        self.fields = tuple(fields)
        self.headers = dict(headers or {})
        super().__init__(reason or self.message)


class InternalError(ColonnadeError):
    """Failure that the caller cannot mend."""


class InvalidRequest(ColonnadeError):
    """The request cannot be read: not JSON, a broken cursor, a bad header."""

    code = "invalid_request"
    status = 400
    title = "The request cannot be read"


class Unauthenticated(ColonnadeError):
    """Request without credentials, or with some that are not valid here."""

    code = "unauthenticated"
    status = 401
    title = "Sign in first"


class PaymentRequired(ColonnadeError):
    """The thing has a price that has not been paid."""

    code = "payment_required"
    status = 402
    title = "Payment required"


class Forbidden(ColonnadeError):
    """The principal is known and may not do this."""

    code = "forbidden"
    status = 403
    title = "Not allowed"


class NotFound(ColonnadeError):
    """Thing that does not exist, or that the caller may not know of."""

    code = "not_found"
    status = 404
    title = "Not found"


class NotVisible(NotFound):
    """Thing that exists and that the service which asks may not see. Only services are told so:
    to whomever else it reaches, over HTTP or a further question, it is `NotFound` and no more."""

    def __init__(self, message: str, *, details: Mapping[str, Any] | None = None) -> None:
        reason = (
            f"{message} It is there, and the service that asks may not see it: a policy has to "
            "grant that."
        )
        super().__init__(message, details=details, reason=reason)


class MethodNotAllowed(ColonnadeError):
    """The path exists, the method does not."""

    code = "method_not_allowed"
    status = 405
    title = "Method not allowed"


class RequestTimeout(ColonnadeError):
    """The request did not arrive in time (RFC 9110 §15.5.9); nothing was done."""

    code = "request_timeout"
    status = 408
    title = "The request did not arrive in time"


class Conflict(ColonnadeError):
    """The request contradicts what is there: a duplicate, a full course, a file in use."""

    code = "conflict"
    status = 409
    title = "Conflict"


class PreconditionFailed(ColonnadeError):
    """Version in `If-Match` that is not the current one (RFC 9110 §13.1.1)."""

    code = "precondition_failed"
    status = 412
    title = "The thing has changed since it was read"


class ContentTooLarge(ColonnadeError):
    """The body is larger than this route takes."""

    code = "content_too_large"
    status = 413
    title = "The body is too large"


class UnsupportedMediaType(ColonnadeError):
    """The body is of a type that this route does not take."""

    code = "unsupported_media_type"
    status = 415
    title = "Unsupported media type"


class RangeNotSatisfiable(ColonnadeError):
    """Range outside the content (RFC 9110 §15.5.17)."""

    code = "range_not_satisfiable"
    status = 416
    title = "Range not satisfiable"


class ValidationFailed(ColonnadeError):
    """The request was read, and fields of it are wrong; `fields` says which."""

    code = "validation_failed"
    status = 422
    title = "Some fields are not valid"


class WorkEnded(ValidationFailed):
    """Work in a process apart was ended, since it took more than it may.

    `details["reason"]` is `time`, `memory`, `size` (of what it made) or `crash`. For whoever asked
    it is what was sent that is at fault; raise an error of your own that says which field.
    """

    title = "This takes more work than is allowed"


class IdempotencyKeyReused(ColonnadeError):
    """The `Idempotency-Key` was used before, for another request."""

    code = "idempotency_key_reused"
    status = 422
    title = "The idempotency key was used for another request"


class TooManyRequests(ColonnadeError):
    """The caller must wait."""

    code = "too_many_requests"
    status = 429
    title = "Too many requests"


class Unavailable(ColonnadeError):
    """Service that cannot be reached; the call did not happen and may be tried again."""

    code = "unavailable"
    status = 503
    title = "Not available at the moment"


class DeadlineExceeded(ColonnadeError):
    """Answer that did not come in time; the call *may have happened*. Never confused with
    `Unavailable`."""

    code = "deadline_exceeded"
    status = 504
    title = "No answer in time"


class ConfigurationError(ColonnadeError):
    """Declaration or installation that cannot run; raised before anything is served."""

    code = "configuration"
    title = "The declaration cannot run"


PLATFORM_ERRORS: tuple[type[ColonnadeError], ...] = (
    InternalError,
    InvalidRequest,
    Unauthenticated,
    PaymentRequired,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    Conflict,
    PreconditionFailed,
    ContentTooLarge,
    UnsupportedMediaType,
    RangeNotSatisfiable,
    IdempotencyKeyReused,
    ValidationFailed,
    TooManyRequests,
    Unavailable,
    DeadlineExceeded,
)
"""Every operation may raise these without declaring them."""


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    """An error as it travels: plain data, rebuilt into its class by the caller. `visible` is False
    for a `NotVisible`."""

    code: str
    message: str
    details: Mapping[str, Any]
    fields: tuple[tuple[str, str, str], ...] = ()
    visible: bool = True

    @classmethod
    def of(cls, error: ColonnadeError) -> "ErrorRecord":
        """The record of `error`. Headers stay behind: they belong to HTTP."""
        fields = tuple((item.pointer, item.message, item.code) for item in error.fields)
        visible = not isinstance(error, NotVisible)
        return cls(error.code, error.message, error.details, fields, visible)

    def rebuild(self, declared: Iterable[type[ColonnadeError]]) -> ColonnadeError:
        """The error again: of the declared class with this code, else of the platform's.

        A code that neither knows becomes an `InternalError`, so that an undeclared error of
        another service cannot pass for one of the caller's own.
        """
        if not self.visible:
            return NotVisible(self.message, details=self.details)
        for candidate in (*declared, *PLATFORM_ERRORS):
            if candidate.code == self.code:
                fields = [FieldError(*field) for field in self.fields]
                return candidate(self.message, details=self.details, fields=fields)
        return InternalError(f"The service answered with the undeclared error '{self.code}'.")
