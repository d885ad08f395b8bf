"""The tables of the notification service, one set per tenant."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Integer, String, UniqueConstraint

from colonnade.rows import Column, Identified, Row, Timestamped, Versioned, column, tenant_metadata


class Base(Row):
    """The tables of this service."""

    metadata = tenant_metadata()


class NotificationRow(Identified, Timestamped, Base):
    """One message: one row per event, recipient and channel, however often the event arrives.

    `source_id` is the event's id, or that of a digest. `facts` is what the template is filled
    with, as JSON. `title`, `body` and `link` are filled in for channels that keep messages here.
    `digest_id` names the row that takes this one along; `targets` the places still to be
    reached, as JSON, when a try reached some of them.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("source_id", "user_id", "channel", name="uq_notifications_once"),
        Index("ix_notifications_own", "user_id", "channel", "created_at", "id"),
        Index("ix_notifications_status", "status", "created_at", "id"),
        Index("ix_notifications_digest", "digest_id"),
    )

    source_id: Column[UUID]
    user_id: Column[UUID]
    channel: Column[str] = column(String(40))
    kind: Column[str] = column(String(60))
    category: Column[str] = column(String(20))
    facts: Column[str] = column(personal=True)
    title: Column[str] = column(personal=True)
    body: Column[str] = column(personal=True)
    link: Column[str | None] = column(default=None)
    status: Column[str] = column(String(20))
    attempts: Column[int] = column(Integer)
    problem: Column[str | None] = column(default=None)
    message_id: Column[str] = column(String(200))
    digest_id: Column[UUID | None] = column(default=None)
    targets: Column[str | None] = column(default=None)
    due_at: Column[datetime]
    sent_at: Column[datetime | None] = column(default=None)
    read_at: Column[datetime | None] = column(default=None)


class SettingsRow(Versioned, Timestamped, Base):
    """Settings of one person: language, time zone, quiet hours, the time of digests.

    Quiet hours are minutes after midnight on the person's clock.
    """

    __tablename__ = "notification_settings"

    user_id: Column[UUID] = column(primary_key=True)
    locale: Column[str | None] = column(String(35), default=None)
    timezone: Column[str | None] = column(String(64), default=None)
    quiet_from: Column[int | None] = column(Integer, default=None)
    quiet_until: Column[int | None] = column(Integer, default=None)
    digest_hour: Column[int] = column(Integer)
    digest_weekday: Column[int] = column(Integer)


class ModeRow(Base):
    """The mode a person chose for one category on one channel; without a row, the default."""

    __tablename__ = "notification_modes"

    user_id: Column[UUID] = column(primary_key=True)
    channel: Column[str] = column(String(40), primary_key=True)
    category: Column[str] = column(String(20), primary_key=True)
    mode: Column[str] = column(String(20))


class TemplateRow(Versioned, Timestamped, Base):
    """A template of the tenant's own, instead of the platform's."""

    __tablename__ = "notification_templates"

    kind: Column[str] = column(String(60), primary_key=True)
    locale: Column[str] = column(String(35), primary_key=True)
    subject: Column[str]
    text: Column[str]
    html: Column[str | None] = column(default=None)
    action: Column[str | None] = column(default=None)
    problem: Column[str | None] = column(default=None)
    updated_by: Column[str] = column(String(200))


class SuppressionRow(Identified, Base):
    """An address that takes no more mail, since its server refused it for good."""

    __tablename__ = "notification_suppressions"
    __table_args__ = (
        UniqueConstraint("channel", "address", name="uq_notification_suppressions_address"),
        Index("ix_notification_suppressions_newest", "created_at", "id"),
        Index("ix_notification_suppressions_user", "user_id"),
    )

    channel: Column[str] = column(String(40))
    address: Column[str] = column(String(320), personal=True, searchable=True)
    reason: Column[str]
    user_id: Column[UUID | None] = column(default=None)
    created_at: Column[datetime]


class PushSubscriptionRow(Identified, Base):
    """A browser that takes push messages (RFC 8030); the keys are those of RFC 8291."""

    __tablename__ = "push_subscriptions"
    __table_args__ = (
        UniqueConstraint("endpoint", name="uq_push_subscriptions_endpoint"),
        Index("ix_push_subscriptions_user", "user_id", "created_at", "id"),
    )

    user_id: Column[UUID]
    endpoint: Column[str] = column(personal=True, searchable=True)
    p256dh: Column[str] = column(String(200))
    auth: Column[str] = column(String(60), secret=True)
    label: Column[str] = column(String(200))
    created_at: Column[datetime]


class ErasedRow(Base):
    """A deleted account: no more rows are written for its owner."""

    __tablename__ = "erased_recipients"

    user_id: Column[UUID] = column(primary_key=True)
    erased_at: Column[datetime]


class KeyRow(Base):
    """A key of the tenant's own: the one that signs unsubscribe links, and the VAPID key."""

    __tablename__ = "notification_keys"

    name: Column[str] = column(String(40), primary_key=True)
    value: Column[bytes] = column(secret=True)
    created_at: Column[datetime]
