"""Retention of messages: those past the declared age are deleted once a day."""

from datetime import timedelta

from sqlalchemy import delete, select

from colonnade.services import Schedule, ServiceContext
from colonnade.store import Session
from colonnade_notification.api import DeliveryStatus
from colonnade_notification.config import NotificationConfig
from colonnade_notification.models import NotificationRow

RETENTION = Schedule(name="tidy-notifications", every=86_400.0, run="delete_expired_notifications")
"""Deletion of expired messages, once a day for every tenant."""

_BATCH = 500
_UNDELIVERED = (DeliveryStatus.PENDING, DeliveryStatus.HELD)


class NotificationRetention:
    """Deletes expired messages, a batch per transaction so that no other writer waits long."""

    def __init__(self, ctx: ServiceContext, config: NotificationConfig) -> None:
        self._ctx = ctx
        self._kept = timedelta(seconds=float(config.kept))

    async def delete_expired_notifications(self) -> None:
        """Delete messages past their retention, except those that are yet to be delivered."""
        while await self._ctx.store.run(self._delete_batch) == _BATCH:
            pass

    def _delete_batch(self, session: Session) -> int:
        expired = (
            select(NotificationRow.id)
            .where(
                NotificationRow.created_at < session.now - self._kept,
                NotificationRow.status.not_in(_UNDELIVERED),
            )
            .limit(_BATCH)
        )
        found = session.scalars(expired).all()
        session.execute(delete(NotificationRow).where(NotificationRow.id.in_(found)))
        return len(found)
