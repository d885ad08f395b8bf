"""Recording of messages to be sent: one row per event, recipient and channel."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import bindparam, select

from colonnade.identifiers import new_id
from colonnade.messages import Message
from colonnade.rows import prepare
from colonnade.sagas import RetryRule, Saga, Step, start_saga
from colonnade.services import TenantInfo
from colonnade.store import Session
from colonnade_notification.api import Category, ChannelInfo, DeliveryStatus, Mode
from colonnade_notification.delivery.preferences import DeliveryPreferences
from colonnade_notification.models import ErasedRow, NotificationRow
from colonnade_notification.wording.kinds import DIGEST, KINDS, MessageKind
from colonnade_notification.wording.templates import NO_CONTENT, FilledTemplate

_DIGESTS = UUID("6f2e1d7a-58c3-5d0b-9f61-7c1f3f0a9d24")


class DeliveryState(Message):
    """The row that a delivery is about."""

    notification_id: UUID


DELIVERY = Saga(
    name="delivery",
    state=DeliveryState,
    steps=(
        Step(
            "send",
            "send_notification",
            compensation="give_up",
            idempotent=True,
            retry=RetryRule(attempts=20, first=1.0, cap=300.0),
            timeout=45.0,
        ),
    ),
)
"""One try to send one message. A message that did not get through gets another saga that begins
later, so each channel keeps a pace of its own; what is retried within one saga is only what this
service itself needs, such as an answer of the user service."""

_CHANNELS = prepare(
    select(NotificationRow.channel).where(
        NotificationRow.source_id == bindparam("source_id"),
        NotificationRow.user_id == bindparam("user_id"),
    )
)


@dataclass(frozen=True, slots=True)
class Announcement:
    """News for one person. `content` is shown by channels that keep messages here."""

    source_id: UUID
    user_id: UUID
    kind: MessageKind
    facts: Mapping[str, Any]
    content: FilledTemplate
    link: str
    domain: str


def record(
    session: Session,
    announcement: Announcement,
    channels: Sequence[ChannelInfo],
    tenant: TenantInfo,
) -> None:
    """Add a row for each channel that the recipient wants, unless there is one already."""
    if session.get(ErasedRow, announcement.user_id) is not None:
        return
    preferences = DeliveryPreferences.load(session, announcement.user_id, tenant)
    recorded = _recorded_channels(session, announcement)
    for channel in channels:
        if channel.name not in recorded:
            _record_on(session, announcement, channel, preferences)


def _recorded_channels(session: Session, announcement: Announcement) -> set[str]:
    values = {"source_id": announcement.source_id, "user_id": announcement.user_id}
    return set(session.scalars(_CHANNELS, values))


def _record_on(
    session: Session,
    announcement: Announcement,
    channel: ChannelInfo,
    preferences: DeliveryPreferences,
) -> None:
    category = announcement.kind.category
    mode = preferences.mode(channel, category, announcement.kind.own_category)
    if mode is Mode.OFF:
        return
    row = _row(session, announcement, channel.name)
    session.add(row)
    if channel.keeps:
        row.status, row.sent_at = DeliveryStatus.SENT, session.now
        row.title, row.body = announcement.content.subject, announcement.content.body
        row.link = announcement.link
    elif mode.is_digest:
        hold_for_digest(
            session, row, preferences.next_digest(mode, session.now), announcement.domain
        )
    else:
        schedule(session, row, preferences.quiet_until(channel, category, session.now))


def _row(session: Session, announcement: Announcement, channel: str) -> NotificationRow:
    identifier = new_id()
    return NotificationRow(
        id=identifier,
        source_id=announcement.source_id,
        user_id=announcement.user_id,
        channel=channel,
        kind=announcement.kind.name,
        category=announcement.kind.category,
        facts=json.dumps(dict(announcement.facts), ensure_ascii=False),
        title="",
        body="",
        link=None,
        status=DeliveryStatus.PENDING,
        attempts=0,
        message_id=message_id(identifier, announcement.domain),
        due_at=session.now,
    )


def message_id(identifier: UUID, domain: str) -> str:
    """The Message-ID of a row (RFC 5322 §3.6.4); the same at every try."""
    return f"<{identifier}@{domain}>"


def schedule(session: Session, row: NotificationRow, due_at: datetime | None = None) -> None:
    """Send a message at `due_at`, or now."""
    row.status = DeliveryStatus.PENDING
    row.due_at = due_at or session.now
    start_saga(session, DELIVERY, DeliveryState(notification_id=row.id), not_before=row.due_at)


def hold_for_digest(session: Session, row: NotificationRow, due_at: datetime, domain: str) -> None:
    """Hold a message for the digest of `due_at`, which is made if there is none."""
    digest = _digest(session, row, due_at, domain)
    row.status, row.due_at, row.digest_id = DeliveryStatus.HELD, due_at, digest.id


def _digest(
    session: Session, row: NotificationRow, due_at: datetime, domain: str
) -> NotificationRow:
    # Derived from its recipient, channel and time: of two messages held at once, the second finds
    # the digest of the first, and the unique key of rows keeps a race from making two.
    source_id = uuid5(_DIGESTS, f"{row.user_id}/{row.channel}/{due_at.isoformat()}")
    found = session.scalar(
        select(NotificationRow).where(
            NotificationRow.source_id == source_id,
            NotificationRow.user_id == row.user_id,
            NotificationRow.channel == row.channel,
        )
    )
    if found is not None:
        return found
    announcement = Announcement(source_id, row.user_id, KINDS[DIGEST], {}, NO_CONTENT, "", domain)
    digest = _row(session, announcement, row.channel)
    session.add(digest)
    schedule(session, digest, due_at)
    return digest


def category_of(row: NotificationRow) -> Category:
    """The category of a row."""
    return Category(row.category)
