"""What became of messages, for those who run the academy."""

from sqlalchemy import select

from colonnade.lookups import permitted
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_notification.api import (
    Category,
    DeleteSuppression,
    Delivery,
    DeliveryStatus,
    ListDeliveries,
    ListSuppressions,
    NotFailed,
    RetryDelivery,
    Suppression,
)
from colonnade_notification.delivery.dead_letters import send_again
from colonnade_notification.models import NotificationRow, SuppressionRow
from colonnade_notification.resources import DELIVERY, SUPPRESSION
from colonnade_user.api import fold_email

_NEWEST = [SortKey(NotificationRow.created_at, descending=True), SortKey(NotificationRow.id)]
_NEWEST_SUPPRESSIONS = [
    SortKey(SuppressionRow.created_at, descending=True),
    SortKey(SuppressionRow.id),
]
_ENDED = (DeliveryStatus.FAILED, DeliveryStatus.SUPPRESSED)


class DeliveryHandlers:
    """The operations on deliveries and suppressions."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(ListDeliveries)
    async def list_deliveries(self, request: ListDeliveries, call: Call) -> Page[Delivery]:
        """Newest first."""
        query = select(NotificationRow).where(call.visible(DELIVERY))
        for name in ("status", "channel", "user_id"):
            value = getattr(request, name)
            if value is not None:
                query = query.where(getattr(NotificationRow, name) == value)
        return await self._ctx.store.read(
            lambda session: paginate(session, query, _NEWEST, request, _present)
        )

    @handles(RetryDelivery)
    async def retry_delivery(self, request: RetryDelivery, call: Call) -> Delivery:
        """Send it again, with all its tries before it."""

        def work(session: Session) -> Delivery:
            row = permitted(session, call, DELIVERY, NotificationRow, request.delivery_id)
            if row.status not in _ENDED or row.digest_id is not None:
                raise NotFailed(f"The message is {row.status}; nothing was done.")
            send_again(session, row)
            session.flush()
            call.require(session, DELIVERY, row)
            return _present(row)

        return await self._ctx.store.run(work)

    @handles(ListSuppressions)
    async def list_suppressions(self, request: ListSuppressions, call: Call) -> Page[Suppression]:
        """Newest first."""
        query = select(SuppressionRow).where(call.visible(SUPPRESSION))
        if request.address is not None:
            query = query.where(SuppressionRow.address == fold_email(request.address))
        return await self._ctx.store.read(
            lambda session: paginate(
                session, query, _NEWEST_SUPPRESSIONS, request, _present_suppression
            )
        )

    @handles(DeleteSuppression)
    async def delete_suppression(self, request: DeleteSuppression, call: Call) -> Empty:
        """Send mail there again from now on."""

        def work(session: Session) -> Empty:
            row = permitted(session, call, SUPPRESSION, SuppressionRow, request.suppression_id)
            session.delete(row)
            return Empty()

        return await self._ctx.store.run(work)


def _present(row: NotificationRow) -> Delivery:
    return Delivery(
        id=row.id,
        user_id=row.user_id,
        kind=row.kind,
        category=Category(row.category),
        channel=row.channel,
        status=DeliveryStatus(row.status),
        attempts=row.attempts,
        problem=row.problem,
        message_id=row.message_id,
        created_at=row.created_at,
        due_at=row.due_at,
        sent_at=row.sent_at,
    )


def _present_suppression(row: SuppressionRow) -> Suppression:
    return Suppression(
        id=row.id,
        channel=row.channel,
        address=row.address,
        reason=row.reason,
        created_at=row.created_at,
    )
