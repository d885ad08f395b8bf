"""Requests that have their effect once, however often a client sends them.

A route that says `idempotency_key=True` (see `colonnade.http.post`) takes the header
`Idempotency-Key`; one that says `keyed=True` takes it where a client sends it. Its handler wraps
what it writes in `once`, or `once_if_keyed`: the answer is stored with the key in
the transaction of the effect, so the same key and body get the same answer for `KEPT_SECONDS`.
A key belongs to one principal and one operation. What was refused is not stored and may be tried
again under the same key.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import String, delete, select, tuple_

from colonnade.errors import Conflict, FieldError, IdempotencyKeyReused, InvalidRequest
from colonnade.messages import Message, Request
from colonnade.operations import Call
from colonnade.rows import Column, ConstraintViolated, column, table_of
from colonnade.store import Session
from colonnade.tables import PlatformBase

ResponseT = TypeVar("ResponseT", bound=Message)

HEADER = "Idempotency-Key"

MAXIMUM_KEY = 255
"""Characters a key may have."""

KEPT_SECONDS = 30 * 86_400.0
"""Time for which a key and its answer are kept; the daily housekeeping deletes older ones."""

KEY_PATTERN = r"^[!-~]([ -~]*[!-~])?$"
"""Printable ASCII; blanks at the ends of a header's value are none of it (RFC 9110 §5.5)."""


class IdempotencyRow(PlatformBase):
    """A key that a principal used for an operation, and what was answered."""

    __tablename__ = "colonnade_idempotency_keys"

    principal: Column[str] = column(String(200), primary_key=True)
    operation: Column[str] = column(String(200), primary_key=True)
    key: Column[str] = column(String(MAXIMUM_KEY), primary_key=True)
    digest: Column[bytes]
    answer: Column[bytes]
    created_at: Column[datetime]


def checked_key(given: str | None) -> str:
    """The key in a header.

    Raises:
        InvalidRequest: it is missing, too long, or not printable ASCII.
    """
    if given is None:
        raise _wrong(f"Send the header {HEADER}: a new value for each thing you want done.")
    if not 1 <= len(given) <= MAXIMUM_KEY or not (given.isascii() and given.isprintable()):
        raise _wrong(f"The header {HEADER} takes 1 to {MAXIMUM_KEY} printable ASCII characters.")
    return given


def refuse_key(given: str | None) -> None:
    """Refuse a key where a route takes none: the client relies on what it would not get.

    Raises:
        InvalidRequest: there is one.
    """
    if given is not None:
        raise _wrong(
            f"Nothing was done: this route takes no {HEADER}. Send the request without it; what is "
            "there already is answered as such when it is repeated."
        )


def earlier_answer(session: Session, call: Call, request: Request[ResponseT]) -> ResponseT | None:
    """Look up the answer given to this request under this call's key before, if any.

    For handlers that ask others before they write: a repetition needs none of that.

    Raises:
        InvalidRequest: the call has no key.
        IdempotencyKeyReused: the key was used for another request.
    """
    row = session.get(IdempotencyRow, _identity(call))
    if row is None:
        return None
    if row.digest != _digest(request):
        raise IdempotencyKeyReused(
            f"This {HEADER} was used for another request; a new request needs a new key.",
            fields=[FieldError(HEADER, "was used for another request", "reused")],
        )
    call.permit_without_object("the same principal was given this answer before")
    answer: ResponseT = call.operation.response.decode(row.answer)  # type: ignore[assignment]
    return answer


def once(
    session: Session, call: Call, request: Request[ResponseT], work: Callable[[], ResponseT]
) -> ResponseT:
    """Run `work` in this transaction and store its answer, or return the answer of the first time.

    Raises:
        InvalidRequest: the call has no key.
        IdempotencyKeyReused: the key was used for another request.
        Conflict: the same request is being done at this moment; ask again.
    """
    known = earlier_answer(session, call, request)
    if known is not None:
        return known
    answer = work()
    principal, operation, key = _identity(call)
    session.add(
        IdempotencyRow(
            principal=principal,
            operation=operation,
            key=key,
            digest=_digest(request),
            answer=answer.encode(),
            created_at=session.now,
        )
    )
    try:
        # The key is written with the effect, in one transaction: of two requests at once the later
        # one fails on the key's uniqueness and its effect is rolled back.
        session.flush()
    except ConstraintViolated:
        raise Conflict("The same request is under way; ask again for its answer.") from None
    return answer


def once_if_keyed(
    call: Call, request: Request[ResponseT], work: Callable[[Session], ResponseT]
) -> Callable[[Session], ResponseT]:
    """`work` as `once` does it under the call's key, or as it is where the client sent none: for
    routes with `keyed=True`. What it answers is kept with the key, so nothing personal may be
    in it."""
    if call.idempotency_key is None:
        return work
    return lambda session: once(session, call, request, lambda: work(session))


def prune(before: datetime, limit: int) -> Callable[[Session], int]:
    """Forget at most `limit` keys that were used before `before`; answers how many."""

    def work(session: Session) -> int:
        table = table_of(IdempotencyRow)
        key = tuple_(*table.primary_key)
        old = select(*table.primary_key).where(table.c.created_at < before).limit(limit)
        found = [tuple(row) for row in session.execute(old)]
        if found:
            session.execute(delete(table).where(key.in_(found)))
        return len(found)

    return work


def _identity(call: Call) -> tuple[str, str, str]:
    key = checked_key(call.idempotency_key)
    return call.principal_id, call.operation.subject, key


def _digest(request: Request[ResponseT]) -> bytes:
    return hashlib.sha256(request.model_dump_json().encode()).digest()


def _wrong(message: str) -> InvalidRequest:
    return InvalidRequest(message, fields=[FieldError(HEADER, message, "idempotency_key")])
