"""The inbox: what a consumer has handled, so that an event takes effect exactly once."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import CursorResult, delete, insert, select, tuple_
from sqlalchemy.exc import IntegrityError

from colonnade.store import Session
from colonnade.tables import InboxRow

REMEMBERED_SECONDS = 30 * 86400.0
"""How long the inbox remembers; longer than the outbox archive keeps events."""


class AlreadyHandled(Exception):
    """The consumer has handled, or given up, this event before."""


class TooOld(Exception):
    """The event is older than what the inbox remembers: nobody can say whether it was handled."""


def claim(session: Session, consumer: str, event_id: UUID) -> None:
    """Note in this transaction that `consumer` handles the event.

    Raises:
        AlreadyHandled: when it has; the transaction must end.
    """
    row = insert(InboxRow).values(consumer=consumer, event_id=event_id, handled_at=session.now)
    try:
        session.execute(row)
    except IntegrityError as error:
        raise AlreadyHandled(f"{consumer} has handled {event_id} before.") from error


def has_handled(consumer: str, event_id: UUID) -> Callable[[Session], bool]:
    """Whether `consumer` has handled, or given up, the event."""

    def work(session: Session) -> bool:
        query = select(InboxRow.handled_at).where(
            InboxRow.consumer == consumer, InboxRow.event_id == event_id
        )
        return session.execute(query).first() is not None

    return work


def prune(before: datetime, limit: int) -> Callable[[Session], int]:
    """Forget at most `limit` events that were handled before `before`; answers how many."""

    def work(session: Session) -> int:
        keys = tuple_(InboxRow.consumer, InboxRow.event_id)
        old = (
            select(InboxRow.consumer, InboxRow.event_id)
            .where(InboxRow.handled_at < before)
            .limit(limit)
        )
        result = session.execute(delete(InboxRow).where(keys.in_(old)))
        assert isinstance(result, CursorResult)
        return int(result.rowcount)

    return work
