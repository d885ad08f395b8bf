"""Handlers of notifications in the app: the caller's own, read and unread."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select, update

from colonnade.lookups import absent, permitted
from colonnade.operations import Call, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_notification.api import (
    CountUnread,
    GetNotification,
    ListNotifications,
    Notification,
    ReadAllNotifications,
    ReadNotification,
    UnreadCount,
)
from colonnade_notification.channels.in_app import InAppChannel
from colonnade_notification.handlers.callers import person
from colonnade_notification.models import NotificationRow
from colonnade_notification.presentation import present_notification
from colonnade_notification.resources import NOTIFICATION

_NEWEST = [SortKey(NotificationRow.created_at, descending=True), SortKey(NotificationRow.id)]


class NotificationHandlers:
    """Operations on the caller's own notifications."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(ListNotifications)
    async def list_notifications(
        self, request: ListNotifications, call: Call
    ) -> Page[Notification]:
        """List them, newest first."""
        query = _in_app().where(_own(call), call.visible(NOTIFICATION))
        if request.unread is not None:
            is_unread = NotificationRow.read_at.is_(None)
            query = query.where(is_unread if request.unread else ~is_unread)
        if request.category is not None:
            query = query.where(NotificationRow.category == request.category)
        return await self._ctx.store.read(
            lambda session: paginate(session, query, _NEWEST, request, present_notification)
        )

    @handles(GetNotification)
    async def get_notification(self, request: GetNotification, call: Call) -> Notification:
        """Read one."""
        identifier = request.notification_id
        return await self._ctx.store.read(
            lambda session: present_notification(_found(session, call, identifier))
        )

    @handles(CountUnread)
    async def count_unread(self, request: CountUnread, call: Call) -> UnreadCount:
        """Count those that are unread."""
        condition = and_(_own(call), call.visible(NOTIFICATION), _unread())
        query = select(func.count()).select_from(NotificationRow).where(condition)
        return UnreadCount(
            unread=await self._ctx.store.read(lambda session: session.scalar(query)) or 0
        )

    @handles(ReadNotification)
    async def read_notification(self, request: ReadNotification, call: Call) -> Notification:
        """Mark one as read; the first time counts."""
        identifier = request.notification_id

        def work(session: Session) -> Notification:
            row = _found(session, call, identifier)
            if row.read_at is None:
                row.read_at = session.now
                session.flush()
            return present_notification(row)

        return await self._ctx.store.run(work)

    @handles(ReadAllNotifications)
    async def read_all_notifications(
        self, request: ReadAllNotifications, call: Call
    ) -> UnreadCount:
        """Mark all as read, up to now."""
        condition = and_(_own(call), call.visible(NOTIFICATION), _unread())

        def work(session: Session) -> UnreadCount:
            now = session.now
            session.execute(
                update(NotificationRow)
                .where(condition)
                .values(read_at=now, updated_at=now)
                .execution_options(synchronize_session=False)
            )
            return UnreadCount(unread=0)

        return await self._ctx.store.run(work)


def _in_app() -> Select[NotificationRow]:
    return select(NotificationRow).where(NotificationRow.channel == InAppChannel.info.name)


def _own(call: Call) -> ColumnElement[bool]:
    return NotificationRow.user_id == person(call)


def _unread() -> ColumnElement[bool]:
    return and_(
        NotificationRow.channel == InAppChannel.info.name, NotificationRow.read_at.is_(None)
    )


def _found(session: Session, call: Call, identifier: UUID) -> NotificationRow:
    row = permitted(session, call, NOTIFICATION, NotificationRow, identifier)
    if row.channel != InAppChannel.info.name:
        raise absent(NOTIFICATION.name)
    return row
