"""Handlers of deliveries, for administrators."""

from colonnade.lookups import permitted
from colonnade.operations import Call, handles
from colonnade.pagination import Listing, Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_notification.api import (
    Delivery,
    DeliveryStatus,
    ListDeliveries,
    NotFailed,
    RetryDelivery,
)
from colonnade_notification.delivery.dead_letters import retry
from colonnade_notification.models import NotificationRow
from colonnade_notification.presentation import present_delivery
from colonnade_notification.resources import DELIVERY

DELIVERIES = Listing(
    NotificationRow,
    DELIVERY,
    status=NotificationRow.status,
    channel=NotificationRow.channel,
    user_id=NotificationRow.user_id,
)
_NEWEST = [SortKey(NotificationRow.created_at, descending=True), SortKey(NotificationRow.id)]
_RETRIABLE = (DeliveryStatus.FAILED, DeliveryStatus.SUPPRESSED)


class DeliveryHandlers:
    """Operations on deliveries."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(ListDeliveries)
    async def list_deliveries(self, request: ListDeliveries, call: Call) -> Page[Delivery]:
        """List them, newest first."""
        query = DELIVERIES.query(
            call, status=request.status, channel=request.channel, user_id=request.user_id
        )
        return await self._ctx.store.read(
            lambda session: paginate(session, query, _NEWEST, request, present_delivery)
        )

    @handles(RetryDelivery)
    async def retry_delivery(self, request: RetryDelivery, call: Call) -> Delivery:
        """Send one again, with all its tries before it."""

        def work(session: Session) -> Delivery:
            row = permitted(session, call, DELIVERY, NotificationRow, request.delivery_id)
            if row.status not in _RETRIABLE or row.digest_id is not None:
                raise NotFailed(f"The message is {row.status}; nothing was done.")
            retry(session, row)
            session.flush()
            call.require(session, DELIVERY, row)
            return present_delivery(row)

        return await self._ctx.store.run(work)
