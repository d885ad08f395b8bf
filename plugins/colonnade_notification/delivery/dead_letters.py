"""Messages that did not get through, as operators see them: the dead letters of sending."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from colonnade.dead_letters import DeadLetter
from colonnade.errors import Conflict
from colonnade.store import Session
from colonnade_notification.api import DeliveryStatus
from colonnade_notification.delivery.digests import resume
from colonnade_notification.delivery.recording import schedule
from colonnade_notification.models import NotificationRow
from colonnade_notification.wording.kinds import DIGEST

# What a digest took along goes out again with the digest.
_LOST = (NotificationRow.status == DeliveryStatus.FAILED, NotificationRow.digest_id.is_(None))
_OLDEST = (NotificationRow.created_at, NotificationRow.id)


def send_again(session: Session, row: NotificationRow) -> None:
    """Send a message once more, with all its tries before it."""
    row.attempts, row.problem = 0, None
    if row.kind == DIGEST:
        resume(session, row)
    else:
        schedule(session, row)


class LostDeliveries:
    """Deliveries whose status is `failed`. To discard one leaves it among the suppressed."""

    name = "deliveries"

    def count(self, session: Session) -> int:
        """How many there are."""
        query = select(func.count()).select_from(NotificationRow).where(*_LOST)
        return session.scalar(query) or 0

    def oldest(self, session: Session, limit: int) -> Sequence[DeadLetter]:
        """The oldest `limit`."""
        query = select(NotificationRow).where(*_LOST).order_by(*_OLDEST).limit(limit)
        return [_present(row) for row in session.scalars(query)]

    def find(self, session: Session, identifier: UUID) -> DeadLetter | None:
        """One of them."""
        row = _lost(session, identifier)
        return None if row is None else _present(row)

    def replay(self, session: Session, identifier: UUID) -> None:
        """Send it again.

        Raises:
            Conflict: it is not among them any more.
        """
        send_again(session, _waiting(session, identifier))

    def discard(self, session: Session, identifier: UUID) -> None:
        """Count it as suppressed.

        Raises:
            Conflict: it is not among them any more.
        """
        _waiting(session, identifier).status = DeliveryStatus.SUPPRESSED


def _lost(session: Session, identifier: UUID) -> NotificationRow | None:
    query = select(NotificationRow).where(NotificationRow.id == identifier, *_LOST)
    return session.scalar(query)


def _waiting(session: Session, identifier: UUID) -> NotificationRow:
    row = _lost(session, identifier)
    if row is None:
        raise Conflict(f"The message {identifier} was sent again or discarded already.")
    return row


def _present(row: NotificationRow) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        type=f"{row.kind} by {row.channel}",
        error=row.problem or "",
        attempts=row.attempts,
        created_at=row.created_at,
        details={
            "user_id": str(row.user_id),
            "channel": row.channel,
            "kind": row.kind,
            "category": row.category,
            "message_id": row.message_id,
        },
    )
