"""The tables of the notification service, one set per tenant."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from colonnade.tables import TYPES, Identified, Timestamped, Versioned, tenant_metadata


class Base(DeclarativeBase):
    """The tables of this service."""

    metadata = tenant_metadata()
    type_annotation_map = TYPES


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

    source_id: Mapped[UUID]
    user_id: Mapped[UUID]
    channel: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(60))
    category: Mapped[str] = mapped_column(String(20))
    facts: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    link: Mapped[str | None]
    status: Mapped[str] = mapped_column(String(20))
    attempts: Mapped[int] = mapped_column(Integer)
    problem: Mapped[str | None]
    message_id: Mapped[str] = mapped_column(String(200))
    digest_id: Mapped[UUID | None]
    targets: Mapped[str | None]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]


class SettingsRow(Versioned, Timestamped, Base):
    """Settings of one person: language, time zone, quiet hours, the time of digests.

    Quiet hours are minutes after midnight on the person's clock.
    """

    __tablename__ = "notification_settings"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    locale: Mapped[str | None] = mapped_column(String(35))
    timezone: Mapped[str | None] = mapped_column(String(64))
    quiet_from: Mapped[int | None] = mapped_column(Integer)
    quiet_until: Mapped[int | None] = mapped_column(Integer)
    digest_hour: Mapped[int] = mapped_column(Integer)
    digest_weekday: Mapped[int] = mapped_column(Integer)


class ModeRow(Base):
    """The mode a person chose for one category on one channel; without a row, the default."""

    __tablename__ = "notification_modes"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    category: Mapped[str] = mapped_column(String(20), primary_key=True)
    mode: Mapped[str] = mapped_column(String(20))


class TemplateRow(Versioned, Timestamped, Base):
    """A template of the tenant's own, instead of the platform's."""

    __tablename__ = "notification_templates"

    kind: Mapped[str] = mapped_column(String(60), primary_key=True)
    locale: Mapped[str] = mapped_column(String(35), primary_key=True)
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str | None]
    action: Mapped[str | None]
    problem: Mapped[str | None]
    updated_by: Mapped[str] = mapped_column(String(200))


class SuppressionRow(Identified, Base):
    """An address that takes no more mail, since its server refused it for good."""

    __tablename__ = "notification_suppressions"
    __table_args__ = (
        UniqueConstraint("channel", "address", name="uq_notification_suppressions_address"),
        Index("ix_notification_suppressions_newest", "created_at", "id"),
        Index("ix_notification_suppressions_user", "user_id"),
    )

    channel: Mapped[str] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(320))
    reason: Mapped[str]
    user_id: Mapped[UUID | None]
    created_at: Mapped[datetime]


class PushSubscriptionRow(Identified, Base):
    """A browser that takes push messages (RFC 8030); the keys are those of RFC 8291."""

    __tablename__ = "push_subscriptions"
    __table_args__ = (
        UniqueConstraint("endpoint", name="uq_push_subscriptions_endpoint"),
        Index("ix_push_subscriptions_user", "user_id", "created_at", "id"),
    )

    user_id: Mapped[UUID]
    endpoint: Mapped[str]
    p256dh: Mapped[str] = mapped_column(String(200))
    auth: Mapped[str] = mapped_column(String(60))
    label: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


class ErasedRow(Base):
    """A deleted account: no more rows are written for its owner."""

    __tablename__ = "erased_recipients"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    erased_at: Mapped[datetime]


class KeyRow(Base):
    """A key of the tenant's own: the one that signs unsubscribe links, and the VAPID key."""

    __tablename__ = "notification_keys"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[bytes]
    created_at: Mapped[datetime]
