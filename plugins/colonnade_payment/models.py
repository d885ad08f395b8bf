"""The tables of the payment service, one set per tenant."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint, false, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from colonnade.tables import (
    TYPES,
    Identified,
    Timestamped,
    Versioned,
    tenant_metadata,
)

_UNDER_WAY = text("status IN ('pending', 'authorized', 'unknown') AND NOT is_twin")


class Base(DeclarativeBase):
    """The tables of this service."""

    metadata = tenant_metadata()
    type_annotation_map = TYPES


class PaymentRow(Identified, Versioned, Timestamped, Base):
    """An order and its payment; all amounts are in its one currency.

    `refunding` is what refunds have claimed, `refunded` what has gone back. `watch_until` is
    set when the provider may still do what it was asked before the purchase was given up.
    `is_twin` marks one that was under way beside another of the same buyer and course before the
    store refused that.
    """

    __tablename__ = "payments"
    __table_args__ = (
        Index("ix_payments_newest", "created_at", "id"),
        Index("ix_payments_user", "user_id", "created_at", "id"),
        Index("ix_payments_course", "course_id", "created_at", "id"),
        Index("ix_payments_status", "status", "created_at", "id"),
        Index("ix_payments_watch", "watch_until"),
        Index("ix_payments_authorization", "authorization"),
        Index("ix_payments_capture", "capture"),
        Index(
            "uq_payments_under_way",
            "course_id",
            "user_id",
            unique=True,
            sqlite_where=_UNDER_WAY,
            postgresql_where=_UNDER_WAY,
        ),
    )

    user_id: Mapped[UUID]
    course_id: Mapped[UUID]
    method: Mapped[str] = mapped_column(String(255))
    provider: Mapped[str] = mapped_column(String(40))
    coupon_code: Mapped[str | None] = mapped_column(String(40))
    list_amount: Mapped[int]
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    platform_fee: Mapped[int]
    platform_fee_reversed: Mapped[int]
    refunding: Mapped[int]
    refunded: Mapped[int]
    status: Mapped[str] = mapped_column(String(20))
    reason_code: Mapped[str | None] = mapped_column(String(100))
    reason: Mapped[str | None]
    enrollment_id: Mapped[UUID | None]
    authorization: Mapped[str] = mapped_column(String(255))
    capture: Mapped[str] = mapped_column(String(255))
    cancel_requested: Mapped[bool]
    captured_at: Mapped[datetime | None]
    watch_until: Mapped[datetime | None]
    sequence: Mapped[int]
    is_twin: Mapped[bool] = mapped_column(default=False, server_default=false())


class ShareRow(Base):
    """Share of an instructor in a payment, and how much of that refunds took back."""

    __tablename__ = "payment_shares"

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    amount: Mapped[int]
    reversed: Mapped[int]


class RefundRow(Identified, Versioned, Timestamped, Base):
    """Money going back. One that the provider made by itself is known by its reference."""

    __tablename__ = "refunds"
    __table_args__ = (
        Index("ix_refunds_payment", "payment_id", "created_at", "id"),
        UniqueConstraint("provider", "provider_reference", name="uq_refunds_provider"),
    )

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str]
    failure: Mapped[str | None]
    requested_by: Mapped[str] = mapped_column(String(200))
    provider: Mapped[str] = mapped_column(String(40))
    provider_reference: Mapped[str | None] = mapped_column(String(255))
    refunded_at: Mapped[datetime | None]


class AccountRow(Base):
    """An account in one currency; its balance is the sum of its postings and stands nowhere."""

    __tablename__ = "accounts"
    __table_args__ = (Index("ix_accounts_user", "user_id"),)

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    user_id: Mapped[UUID | None]


class JournalRow(Base):
    """One thing that happened to money, once per kind and reference.

    The database takes it only after its postings, and only when they sum to zero per currency;
    after it, neither it nor they can be changed, added to or removed.
    """

    __tablename__ = "journals"
    __table_args__ = (
        UniqueConstraint("kind", "reference", name="uq_journals_kind"),
        Index("ix_journals_newest", "created_at", "id"),
        Index("ix_journals_payment", "payment_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    reference: Mapped[UUID]
    payment_id: Mapped[UUID | None]
    created_at: Mapped[datetime]


class PostingRow(Base):
    """Gain (positive) or loss (negative) of one account in a journal, in minor units."""

    __tablename__ = "postings"
    __table_args__ = (Index("ix_postings_account", "account", "currency", "payment_id"),)

    journal_id: Mapped[UUID] = mapped_column(
        ForeignKey("journals.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    line: Mapped[int] = mapped_column(Integer, primary_key=True)
    account: Mapped[str] = mapped_column(String(100))
    currency: Mapped[str] = mapped_column(String(3))
    amount: Mapped[int]
    payment_id: Mapped[UUID | None]
    created_at: Mapped[datetime]


class PayoutRow(Identified, Versioned, Timestamped, Base):
    """An instructor's money on its way to them."""

    __tablename__ = "payouts"
    __table_args__ = (
        Index("ix_payouts_newest", "created_at", "id"),
        Index("ix_payouts_instructor", "instructor_id", "created_at", "id"),
    )

    instructor_id: Mapped[UUID]
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None]
    reference: Mapped[str | None]
    approved_by: Mapped[str | None] = mapped_column(String(200))
    approved_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    sequence: Mapped[int]


class CouponRow(Identified, Versioned, Timestamped, Base):
    """A coupon; its code in capitals. `redeemed` counts redemptions that were not released."""

    __tablename__ = "coupons"
    __table_args__ = (Index("ix_coupons_newest", "created_at", "id"),)

    code: Mapped[str] = mapped_column(String(40), unique=True)
    percent: Mapped[int | None] = mapped_column(Integer)
    amount: Mapped[int | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    course_id: Mapped[UUID | None]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    total_limit: Mapped[int | None] = mapped_column(Integer)
    person_limit: Mapped[int | None] = mapped_column(Integer)
    redeemed: Mapped[int] = mapped_column(Integer)
    active: Mapped[bool]


class RedemptionRow(Base):
    """A coupon used by a purchase; gone again when the purchase fails."""

    __tablename__ = "coupon_redemptions"
    __table_args__ = (Index("ix_coupon_redemptions_person", "coupon_id", "user_id"),)

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), primary_key=True)
    coupon_id: Mapped[UUID] = mapped_column(ForeignKey("coupons.id"))
    user_id: Mapped[UUID]


class InstructorRow(Base):
    """Instructor of a course, as the course service says; `sequence` is the last seen."""

    __tablename__ = "course_instructors"

    course_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    active: Mapped[bool]
    sequence: Mapped[int]


class NoticeRow(Base):
    """A provider's event that was taken, by the id that the provider gave it."""

    __tablename__ = "provider_notices"

    provider: Mapped[str] = mapped_column(String(40), primary_key=True)
    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    effect: Mapped[str] = mapped_column(String(40))
    received_at: Mapped[datetime]
