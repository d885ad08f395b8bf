"""The tables of the payment service, one set per tenant."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint, false, text

from colonnade.rows import Column, Identified, Row, Timestamped, Versioned, column, tenant_metadata

_UNDER_WAY = text("status IN ('pending', 'authorized', 'unknown') AND NOT is_twin")


class Base(Row):
    """The tables of this service."""

    metadata = tenant_metadata()


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

    user_id: Column[UUID]
    course_id: Column[UUID]
    method: Column[str] = column(String(255))
    provider: Column[str] = column(String(40))
    coupon_code: Column[str | None] = column(String(40), default=None)
    list_amount: Column[int]
    amount: Column[int]
    currency: Column[str] = column(String(3))
    platform_fee: Column[int]
    platform_fee_reversed: Column[int]
    refunding: Column[int]
    refunded: Column[int]
    status: Column[str] = column(String(20))
    reason_code: Column[str | None] = column(String(100), default=None)
    reason: Column[str | None] = column(default=None)
    enrollment_id: Column[UUID | None] = column(default=None)
    authorization: Column[str] = column(String(255))
    capture: Column[str] = column(String(255))
    cancel_requested: Column[bool]
    captured_at: Column[datetime | None] = column(default=None)
    watch_until: Column[datetime | None] = column(default=None)
    sequence: Column[int]
    is_twin: Column[bool] = column(default=False, server_default=false())


class ShareRow(Base):
    """Share of an instructor in a payment, and how much of that refunds took back."""

    __tablename__ = "payment_shares"

    payment_id: Column[UUID] = column(ForeignKey("payments.id"), primary_key=True)
    user_id: Column[UUID] = column(primary_key=True)
    amount: Column[int]
    reversed: Column[int]


class RefundRow(Identified, Versioned, Timestamped, Base):
    """Money going back. One that the provider made by itself is known by its reference."""

    __tablename__ = "refunds"
    __table_args__ = (
        Index("ix_refunds_payment", "payment_id", "created_at", "id"),
        UniqueConstraint("provider", "provider_reference", name="uq_refunds_provider"),
    )

    payment_id: Column[UUID] = column(ForeignKey("payments.id"))
    amount: Column[int]
    currency: Column[str] = column(String(3))
    status: Column[str] = column(String(20))
    reason: Column[str]
    failure: Column[str | None] = column(default=None)
    requested_by: Column[str] = column(String(200))
    provider: Column[str] = column(String(40))
    provider_reference: Column[str | None] = column(String(255), default=None)
    refunded_at: Column[datetime | None] = column(default=None)


class AccountRow(Base):
    """An account in one currency; its balance is the sum of its postings and stands nowhere."""

    __tablename__ = "accounts"
    __table_args__ = (Index("ix_accounts_user", "user_id"),)

    name: Column[str] = column(String(100), primary_key=True)
    currency: Column[str] = column(String(3), primary_key=True)
    user_id: Column[UUID | None] = column(default=None)


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

    id: Column[UUID] = column(primary_key=True)
    kind: Column[str] = column(String(20))
    reference: Column[UUID]
    payment_id: Column[UUID | None] = column(default=None)
    created_at: Column[datetime]


class PostingRow(Base):
    """Gain (positive) or loss (negative) of one account in a journal, in minor units."""

    __tablename__ = "postings"
    __table_args__ = (Index("ix_postings_account", "account", "currency", "payment_id"),)

    journal_id: Column[UUID] = column(
        ForeignKey("journals.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    line: Column[int] = column(Integer, primary_key=True)
    account: Column[str] = column(String(100))
    currency: Column[str] = column(String(3))
    amount: Column[int]
    payment_id: Column[UUID | None] = column(default=None)
    created_at: Column[datetime]


class PayoutRow(Identified, Versioned, Timestamped, Base):
    """An instructor's money on its way to them."""

    __tablename__ = "payouts"
    __table_args__ = (
        Index("ix_payouts_newest", "created_at", "id"),
        Index("ix_payouts_instructor", "instructor_id", "created_at", "id"),
    )

    instructor_id: Column[UUID]
    amount: Column[int]
    currency: Column[str] = column(String(3))
    status: Column[str] = column(String(20))
    reason: Column[str | None] = column(default=None)
    reference: Column[str | None] = column(default=None)
    approved_by: Column[str | None] = column(String(200), default=None)
    approved_at: Column[datetime | None] = column(default=None)
    paid_at: Column[datetime | None] = column(default=None)
    sequence: Column[int]


class CouponRow(Identified, Versioned, Timestamped, Base):
    """A coupon; its code in capitals. `redeemed` counts redemptions that were not released."""

    __tablename__ = "coupons"
    __table_args__ = (Index("ix_coupons_newest", "created_at", "id"),)

    code: Column[str] = column(String(40), unique=True)
    percent: Column[int | None] = column(Integer, default=None)
    amount: Column[int | None] = column(default=None)
    currency: Column[str | None] = column(String(3), default=None)
    course_id: Column[UUID | None] = column(default=None)
    starts_at: Column[datetime | None] = column(default=None)
    ends_at: Column[datetime | None] = column(default=None)
    total_limit: Column[int | None] = column(Integer, default=None)
    person_limit: Column[int | None] = column(Integer, default=None)
    redeemed: Column[int] = column(Integer)
    active: Column[bool]


class RedemptionRow(Base):
    """A coupon used by a purchase; gone again when the purchase fails."""

    __tablename__ = "coupon_redemptions"
    __table_args__ = (Index("ix_coupon_redemptions_person", "coupon_id", "user_id"),)

    payment_id: Column[UUID] = column(ForeignKey("payments.id"), primary_key=True)
    coupon_id: Column[UUID] = column(ForeignKey("coupons.id"))
    user_id: Column[UUID]


class InstructorRow(Base):
    """Instructor of a course, as the course service says; `sequence` is the last seen."""

    __tablename__ = "course_instructors"

    course_id: Column[UUID] = column(primary_key=True)
    user_id: Column[UUID] = column(primary_key=True)
    active: Column[bool]
    sequence: Column[int]


class NoticeRow(Base):
    """A provider's event that was taken, by the id that the provider gave it."""

    __tablename__ = "provider_notices"

    provider: Column[str] = column(String(40), primary_key=True)
    id: Column[str] = column(String(255), primary_key=True)
    effect: Column[str] = column(String(40))
    received_at: Column[datetime]
