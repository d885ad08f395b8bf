"""Operations on payments and refunds."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from colonnade.field_rules import MoreThanNothing
from colonnade.messages import Empty, Message, Request
from colonnade.money import Money
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page
from colonnade_payment.api.errors import (
    AlreadyEnrolled,
    CouponNotUsable,
    CourseIsFree,
    CurrencyMismatch,
    NotCancelable,
    NotRefundable,
    RefundTooLarge,
    WebhookSignature,
    WebhookUnreadable,
)
from colonnade_payment.api.types import (
    CouponCode,
    Method,
    PaymentStatus,
    ProviderName,
    Reason,
    RefundStatus,
)


class Payment(Message):
    """An order and how far its payment is.

    `list_price` is the course's price when it was ordered, `amount` what is paid after the
    coupon. `reason_code` and `reason` say why it was declined or canceled. `enrollment_id` is
    the buyer's place in the course once a seat is held.
    """

    id: UUID
    user_id: UUID
    course_id: UUID
    status: PaymentStatus
    amount: Money
    list_price: Money
    refunded: Money
    coupon_code: str | None
    reason_code: str | None
    reason: str | None
    enrollment_id: UUID | None
    created_at: datetime
    captured_at: datetime | None
    version: int


class Refund(Message):
    """Money on its way back, or there."""

    id: UUID
    payment_id: UUID
    status: RefundStatus
    amount: Money
    reason: str
    failure: str | None
    created_at: datetime
    refunded_at: datetime | None
    version: int


@operation(
    "payment",
    action="payment.create",
    errors=[AlreadyEnrolled, CourseIsFree, CouponNotUsable],
    deadline=10.0,
    per_day=100,
)
class CreatePayment(Request[Payment]):
    """Buy a course: order it now, at today's price, and pay in the background."""

    course_id: UUID
    method: Method
    coupon: CouponCode | None = None


@operation("payment", action="payment.read", idempotent=True)
class ListPayments(ListRequest[Page[Payment]]):
    """List payments the caller may see, newest first."""

    course_id: UUID | None = None
    user_id: UUID | None = None
    status: PaymentStatus | None = None


@operation("payment", action="payment.read", idempotent=True)
class GetPayment(Request[Payment]):
    """Read a payment."""

    payment_id: UUID


@operation("payment", action="payment.cancel", idempotent=True, errors=[NotCancelable], per_day=200)
class CancelPayment(Request[Payment]):
    """Give a purchase up, if no money has moved; a payment under way may still win the race."""

    payment_id: UUID


@operation(
    "payment",
    action="payment.refund",
    errors=[CurrencyMismatch, NotRefundable, RefundTooLarge],
    per_day=1000,
)
class CreateRefund(Request[Refund]):
    """Give a captured payment back, or a part of it; all of it ends the enrolment."""

    __rules__ = (MoreThanNothing("amount"),)

    payment_id: UUID
    amount: Money
    reason: Reason


@operation("payment", action="payment.read", idempotent=True)
class ListRefunds(ListRequest[Page[Refund]]):
    """List the refunds of a payment, newest first."""

    payment_id: UUID


@operation(
    "payment",
    action="webhook.receive",
    resource="webhook",
    errors=[WebhookSignature, WebhookUnreadable],
)
class ReceiveWebhook(Request[Empty]):
    """Take a payment provider's message; its signature says whether it is one."""

    provider: ProviderName
    headers: dict[str, str] = Field(max_length=100)
    body: str = Field(max_length=200_000)
