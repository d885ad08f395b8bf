"""The inbox: what a consumer has handled, so that an event takes effect exactly once."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select, tuple_

from colonnade.crash_points import crash_point, reach
from colonnade.rows import ConstraintViolated, Prepared, prepare
from colonnade.store import Session
from colonnade.tables import InboxRow

CLAIMED = crash_point(
    "inbox.claimed", "an event's inbox row is in the transaction; neither it nor an effect is kept"
)

REMEMBERED_SECONDS = 30 * 86400.0
"""How long the inbox remembers; longer than the outbox archive keeps events."""

# These run once for every event.
_CLAIM: Prepared[()] = prepare(insert(InboxRow))
_HANDLED = prepare(
    select(InboxRow.handled_at).where(
        InboxRow.consumer == bindparam("consumer"), InboxRow.event_id == bindparam("event_id")
    )
)


class AlreadyHandled(Exception):
    """The consumer has handled, or given up, this event before."""


class TooOld(Exception):
    """The event is older than what the inbox remembers: nobody can say whether it was handled."""


def claim(session: Session, consumer: str, event_id: UUID) -> None:
    """Note in this transaction that `consumer` handles the event.

    Raises:
        AlreadyHandled: when it has; the transaction must end.
    """
    row = {"consumer": consumer, "event_id": event_id, "handled_at": session.now}
    try:
        session.execute(_CLAIM, row)
    except ConstraintViolated as error:
        raise AlreadyHandled(f"{consumer} has handled {event_id} before.") from error
    reach(CLAIMED)


def has_handled(consumer: str, event_id: UUID) -> Callable[[Session], bool]:
    """Tell whether `consumer` has handled, or given up, the event."""

    def work(session: Session) -> bool:
        found = session.execute(_HANDLED, {"consumer": consumer, "event_id": event_id})
        return found.first() is not None

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
        return session.execute(delete(InboxRow).where(keys.in_(old))).rowcount

    return work
