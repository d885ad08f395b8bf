"""Notifications in the app: the caller's own."""

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
    """Number of unread notifications."""

    unread: int


@operation("notification", action="notification.read", idempotent=True)
class ListNotifications(ListRequest[Page[Notification]]):
    """List the caller's notifications, newest first."""

    unread: bool | None = Field(None, description="Only those that are unread, or only the others.")
    category: Category | None = None


@operation("notification", action="notification.read", idempotent=True)
class GetNotification(Request[Notification]):
    """Read one of the caller's notifications."""

    notification_id: UUID


@operation("notification", action="notification.read", idempotent=True)
class CountUnread(Request[UnreadCount]):
    """Count the caller's unread notifications."""


@operation("notification", action="notification.mark", idempotent=True, per_day=5000)
class ReadNotification(Request[Notification]):
    """Mark a notification as read; the first time counts."""

    notification_id: UUID


@operation("notification", action="notification.mark", idempotent=True, per_day=2000)
class ReadAllNotifications(Request[UnreadCount]):
    """Mark all of the caller's notifications as read, up to now."""
