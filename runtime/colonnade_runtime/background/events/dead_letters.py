"""Dead letters: events that a consumer gave up, in the tenant's own store.

The letter is written together with the inbox row, so that a redelivered event is not tried
again behind the operator's back; a replay claims the letter instead of the inbox row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update

from colonnade.errors import Conflict, NotFound
from colonnade.rows import Result
from colonnade.store import Session
from colonnade.tables import DeadLetterRow
from colonnade_runtime.background.events.inbox import claim
from colonnade_runtime.observability.failures import failure_in_words

ERROR_LIMIT = 2000
"""Characters of an error that are kept."""


class AlreadyReplayed(Conflict):
    """The dead letter was replayed or discarded meanwhile."""


@dataclass(frozen=True, slots=True)
class EventDeadLetter:
    """One event that one consumer could not handle."""

    tenant: str
    id: UUID
    consumer: str
    event_id: UUID
    type: str
    envelope: bytes
    error: str
    attempts: int
    created_at: datetime
    replayed_at: datetime | None


def sentence_of(error: BaseException) -> str:
    """An error as it is kept: its class and its words, within the limit; never raises."""
    return failure_in_words(error)[:ERROR_LIMIT]


@dataclass(frozen=True, slots=True)
class UnhandledEvent:
    """Event that a consumer gave up, with the last error."""

    id: UUID
    consumer: str
    event_id: UUID
    type: str
    envelope: bytes
    error: str
    attempts: int


def write(given_up: UnhandledEvent) -> Callable[[Session], None]:
    """Keep the letter, together with the inbox row that says the consumer is done with it."""

    def work(session: Session) -> None:
        claim(session, given_up.consumer, given_up.event_id)
        session.execute(
            insert(DeadLetterRow).values(
                id=given_up.id,
                consumer=given_up.consumer,
                event_id=given_up.event_id,
                type=given_up.type,
                envelope=given_up.envelope,
                error=given_up.error,
                attempts=given_up.attempts,
                created_at=session.now,
                replayed_at=None,
            )
        )

    return work


def listing(*, replayed: bool, limit: int) -> Callable[[Session], Sequence[EventDeadLetter]]:
    """The oldest `limit` letters; those that were replayed only when asked for."""

    def work(session: Session) -> Sequence[EventDeadLetter]:
        query = select(DeadLetterRow).order_by(DeadLetterRow.id).limit(limit)
        if not replayed:
            query = query.where(DeadLetterRow.replayed_at.is_(None))
        return [_letter(session.tenant, row) for row in session.scalars(query)]

    return work


def show(identifier: UUID) -> Callable[[Session], EventDeadLetter]:
    """One letter.

    Raises:
        NotFound: when there is none of this id in the tenant's store.
    """

    def work(session: Session) -> EventDeadLetter:
        row = session.get(DeadLetterRow, identifier)
        if row is None:
            raise _missing(identifier)
        return _letter(session.tenant, row)

    return work


def claim_replay(session: Session, identifier: UUID) -> None:
    """Note in this transaction that the letter was replayed.

    Raises:
        AlreadyReplayed: when it was replayed or discarded already.
    """
    rows = update(DeadLetterRow).where(
        DeadLetterRow.id == identifier, DeadLetterRow.replayed_at.is_(None)
    )
    if _count(session.execute(rows.values(replayed_at=session.now))) == 0:
        raise AlreadyReplayed(f"Dead letter {identifier} was replayed or discarded already.")


def note_failure(identifier: UUID, error: str) -> Callable[[Session], None]:
    """Keep why a replay failed."""

    def work(session: Session) -> None:
        rows = update(DeadLetterRow).where(DeadLetterRow.id == identifier)
        session.execute(rows.values(error=error, attempts=DeadLetterRow.attempts + 1))

    return work


def discard(identifier: UUID) -> Callable[[Session], None]:
    """Remove a letter; the event counts as handled.

    Raises:
        NotFound: when there is none of this id in the tenant's store.
    """

    def work(session: Session) -> None:
        rows = delete(DeadLetterRow).where(DeadLetterRow.id == identifier)
        if _count(session.execute(rows)) == 0:
            raise _missing(identifier)

    return work


def _letter(tenant: str, row: DeadLetterRow) -> EventDeadLetter:
    return EventDeadLetter(
        tenant=tenant,
        id=row.id,
        consumer=row.consumer,
        event_id=row.event_id,
        type=row.type,
        envelope=row.envelope,
        error=row.error,
        attempts=row.attempts,
        created_at=row.created_at,
        replayed_at=row.replayed_at,
    )


def _missing(identifier: UUID) -> NotFound:
    return NotFound(f"There is no dead letter {identifier} in this tenant's store.")


def _count(result: Result[Any]) -> int:
    return result.rowcount
