"""The outbox as plain units of work: what is pending, what was sent, what may go."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select, update

from colonnade.rows import Prepared, Result, prepare
from colonnade.store import Session
from colonnade.tables import OutboxRow

# These run once for every event.
_PENDING = prepare(
    select(
        OutboxRow.sequence,
        OutboxRow.generation,
        OutboxRow.event_id,
        OutboxRow.type,
        OutboxRow.key,
        OutboxRow.envelope,
    )
    .where(OutboxRow.sent_at.is_(None))
    .order_by(OutboxRow.sequence)
    .limit(bindparam("limit"))
)
_MARK: Prepared[()] = prepare(
    update(OutboxRow)
    .where(OutboxRow.sequence == bindparam("sent"), OutboxRow.generation == bindparam("accepted"))
    .values(sent_at=bindparam("moment"))
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A pending event as the relay needs it."""

    sequence: int
    generation: int
    event_id: UUID
    type: str
    key: str
    envelope: bytes

    @property
    def message_id(self) -> str:
        """The name of this publication. A broker that drops what comes twice must not drop an
        event that was asked for again: whoever took the first one may have lost it."""
        return f"{self.event_id}.{self.generation}" if self.generation else str(self.event_id)


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """Status of a tenant's outbox; `oldest` is when the oldest pending event was written."""

    tenant: str
    pending: int
    oldest: datetime | None
    sent: int


def pending(limit: int) -> Callable[[Session], Sequence[Outgoing]]:
    """The first `limit` events that were not sent, in the order they were committed."""

    def work(session: Session) -> Sequence[Outgoing]:
        return [Outgoing(*row) for row in session.execute(_PENDING, {"limit": limit})]

    return work


def has_pending(session: Session) -> bool:
    """Tell whether any event is pending."""
    query = select(OutboxRow.sequence).where(OutboxRow.sent_at.is_(None)).limit(1)
    return session.execute(query).first() is not None


def mark_sent(accepted: Callable[[], Sequence[Outgoing]]) -> Callable[[Session], int]:
    """Put the events into the archive that are accepted when the work begins; answers how many.

    One that was asked for again since it was read stays pending: the broker that accepted it may
    be the one that lost everything.
    """

    def work(session: Session) -> int:
        rows = [
            {"sent": each.sequence, "accepted": each.generation, "moment": session.now}
            for each in accepted()
        ]
        return _count(session.execute(_MARK, rows))

    return work


def republish(since: datetime) -> Callable[[Session], int]:
    """Make every event written at or after `since` pending in a new generation; answers how many.

    Those that are pending too: the broker may have accepted one whose row was not marked yet.
    """

    def work(session: Session) -> int:
        rows = update(OutboxRow).where(OutboxRow.created_at >= since)
        session.pending_work = True
        again = rows.values(sent_at=None, generation=OutboxRow.generation + 1)
        return _count(session.execute(again))

    return work


def archive(
    event_type: str, since: datetime, after: int, limit: int
) -> Callable[[Session], Sequence[tuple[int, bytes]]]:
    """Sequence and envelope of the first `limit` events of a type, sent or not, that were written
    at or after `since` and come after a sequence; in the order they were committed."""

    def work(session: Session) -> Sequence[tuple[int, bytes]]:
        query = select(OutboxRow.sequence, OutboxRow.envelope).where(
            OutboxRow.type == event_type,
            OutboxRow.created_at >= since,
            OutboxRow.sequence > after,
        )
        rows = session.execute(query.order_by(OutboxRow.sequence).limit(limit))
        return [(sequence, envelope) for sequence, envelope in rows]

    return work


def prune(before: datetime, limit: int) -> Callable[[Session], int]:
    """Delete at most `limit` archived events that were sent before `before`."""

    def work(session: Session) -> int:
        old = select(OutboxRow.sequence).where(OutboxRow.sent_at < before).limit(limit)
        return _count(session.execute(delete(OutboxRow).where(OutboxRow.sequence.in_(old))))

    return work


def status(session: Session) -> OutboxStatus:
    """Report the status of this tenant's outbox."""
    waiting, oldest = session.execute(
        select(func.count(), func.min(OutboxRow.created_at)).where(OutboxRow.sent_at.is_(None))
    ).one()
    sent = session.execute(select(func.count()).where(OutboxRow.sent_at.is_not(None))).scalar_one()
    return OutboxStatus(session.tenant, waiting, oldest, sent)


def _count(result: Result[Any]) -> int:
    return result.rowcount
