"""Dead letters of delivery: messages that failed, for operators to replay or discard."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from colonnade.dead_letters import DeadLetter
from colonnade.errors import Conflict
from colonnade.store import Session
from colonnade_notification.api import DeliveryStatus
from colonnade_notification.delivery.digests import resend_digest
from colonnade_notification.delivery.recording import schedule
from colonnade_notification.models import NotificationRow
from colonnade_notification.wording.kinds import DIGEST

# Messages of a digest go out again with the digest.
_FAILED = (NotificationRow.status == DeliveryStatus.FAILED, NotificationRow.digest_id.is_(None))
_OLDEST = (NotificationRow.created_at, NotificationRow.id)


def retry(session: Session, row: NotificationRow) -> None:
    """Send a message again, with all its tries before it."""
    row.attempts, row.problem = 0, None
    if row.kind == DIGEST:
        resend_digest(session, row)
    else:
        schedule(session, row)


class DeliveryDeadLetters:
    """Deliveries whose status is `failed`. A discarded one becomes `suppressed`."""

    name = "deliveries"

    def count(self, session: Session) -> int:
        """Number of dead letters."""
        query = select(func.count()).select_from(NotificationRow).where(*_FAILED)
        return session.scalar(query) or 0

    def oldest(self, session: Session, limit: int) -> Sequence[DeadLetter]:
        """The oldest `limit` of them."""
        query = select(NotificationRow).where(*_FAILED).order_by(*_OLDEST).limit(limit)
        return [_present(row) for row in session.scalars(query)]

    def find(self, session: Session, identifier: UUID) -> DeadLetter | None:
        """The dead letter of this id, if there is one."""
        row = _failed(session, identifier)
        return None if row is None else _present(row)

    def replay(self, session: Session, identifier: UUID) -> None:
        """Send it again.

        Raises:
            Conflict: it is not among them any more.
        """
        retry(session, _failed_or_conflict(session, identifier))

    def discard(self, session: Session, identifier: UUID) -> None:
        """Discard it: its status becomes `suppressed`.

        Raises:
            Conflict: it is not among them any more.
        """
        _failed_or_conflict(session, identifier).status = DeliveryStatus.SUPPRESSED


def _failed(session: Session, identifier: UUID) -> NotificationRow | None:
    query = select(NotificationRow).where(NotificationRow.id == identifier, *_FAILED)
    return session.scalar(query)


def _failed_or_conflict(session: Session, identifier: UUID) -> NotificationRow:
    row = _failed(session, identifier)
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
