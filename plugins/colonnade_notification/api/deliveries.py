"""Deliveries of messages, and addresses that take no more mail: for administrators."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from colonnade.messages import Empty, Message, Request
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page
from colonnade.personal import Personal
from colonnade_notification.api.errors import NotFailed
from colonnade_notification.api.types import Category, ChannelName, DeliveryStatus


class Delivery(Message):
    """A message on one channel, without its words. `due_at` is when it is tried next."""

    id: UUID
    user_id: UUID
    kind: str
    category: Category
    channel: str
    status: DeliveryStatus
    attempts: int
    problem: str | None
    message_id: str
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None


@operation("notification", action="delivery.read", idempotent=True)
class ListDeliveries(ListRequest[Page[Delivery]]):
    """List deliveries, newest first."""

    status: DeliveryStatus | None = Field(
        None, description="`failed` lists the dead letters of sending."
    )
    channel: ChannelName | None = None
    user_id: UUID | None = None


@operation("notification", action="delivery.retry", errors=[NotFailed], per_day=5000)
class RetryDelivery(Request[Delivery]):
    """Send a message that failed or was suppressed again."""

    delivery_id: UUID


class Suppression(Message):
    """An address that takes no more mail, and why."""

    id: UUID
    channel: str
    address: Annotated[str, Personal()]
    reason: str
    created_at: datetime


@operation("notification", action="suppression.read", idempotent=True)
class ListSuppressions(ListRequest[Page[Suppression]]):
    """List addresses that take no more mail, newest first."""

    address: Annotated[str | None, Field(min_length=3, max_length=320), Personal()] = None


@operation("notification", action="suppression.delete", per_day=5000)
class DeleteSuppression(Request[Empty]):
    """Delete a suppression, so that mail is sent to its address again."""

    suppression_id: UUID
