"""What was kept for long enough goes."""

from datetime import timedelta

from sqlalchemy import delete, select

from colonnade.services import Schedule, ServiceContext
from colonnade.store import Session
from colonnade_notification.api import DeliveryStatus
from colonnade_notification.config import NotificationConfig
from colonnade_notification.models import NotificationRow

TIDYING = Schedule(name="tidy-notifications", every=86_400.0, run="tidy_notifications")
"""Once a day, for every tenant."""

_AT_ONCE = 500
_UNDER_WAY = (DeliveryStatus.PENDING, DeliveryStatus.HELD)


class Keeping:
    """Deletes old messages, a few at a time so that nobody waits for it."""

    def __init__(self, ctx: ServiceContext, config: NotificationConfig) -> None:
        self._ctx = ctx
        self._kept = timedelta(seconds=float(config.kept))

    async def tidy_notifications(self) -> None:
        """Delete what is older than it is kept for, and not under way."""
        while await self._ctx.store.run(self._delete_some) == _AT_ONCE:
            pass

    def _delete_some(self, session: Session) -> int:
        old = (
            select(NotificationRow.id)
            .where(
                NotificationRow.created_at < session.now - self._kept,
                NotificationRow.status.not_in(_UNDER_WAY),
            )
            .limit(_AT_ONCE)
        )
        found = session.scalars(old).all()
        session.execute(delete(NotificationRow).where(NotificationRow.id.in_(found)))
        return len(found)
