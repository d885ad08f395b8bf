"""One's own notifications, as the app shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from colonnade.messages import Message, Request
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page
from colonnade.personal import Personal
from colonnade_notification.api.types import Category


class Notification(Message):
    """A message in the app. `read_at` is null while it is unread."""

    id: UUID
    kind: str
    category: Category
    title: Annotated[str, Personal()]
    body: Annotated[str, Personal()]
    link: str | None
    created_at: datetime
    read_at: datetime | None


class UnreadCount(Message):
    """How many of one's notifications are unread."""

    unread: int


@operation("notification", action="notification.read", idempotent=True)
class ListNotifications(ListRequest[Page[Notification]]):
    """One's own notifications, newest first."""

    unread: bool | None = Field(None, description="Only those that are unread, or only the others.")
    category: Category | None = None


@operation("notification", action="notification.read", idempotent=True)
class GetNotification(Request[Notification]):
    """One of one's own notifications."""

    notification_id: UUID


@operation("notification", action="notification.read", idempotent=True)
class CountUnread(Request[UnreadCount]):
    """How many of one's notifications are unread."""


@operation("notification", action="notification.mark", idempotent=True, per_day=5000)
class ReadNotification(Request[Notification]):
    """Note that one has read a notification; the first time counts."""

    notification_id: UUID


@operation("notification", action="notification.mark", idempotent=True, per_day=2000)
class ReadAllNotifications(Request[UnreadCount]):
    """Note that one has read everything up to now."""
