"""Operations on coupons."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from colonnade.field_rules import ExactlyOne, MoreThanNothing
from colonnade.messages import Empty, Message, Request
from colonnade.money import Money, Price
from colonnade.operations import operation
from colonnade.pagination import ListRequest, Page
from colonnade_payment.api.errors import CouponTaken
from colonnade_payment.api.types import CouponCode


class Coupon(Message):
    """A reduction that buyers claim by its code.

    It takes `percent` off (the reduction rounded down to the minor unit) or the fixed `amount`.
    `redeemed` counts purchases that use it, those under way included. Limits and times that are
    null do not limit.
    """

    id: UUID
    code: str
    kind: Literal["percent", "fixed"]
    percent: int | None
    amount: Money | None
    course_id: UUID | None
    starts_at: datetime | None
    ends_at: datetime | None
    total_limit: int | None
    person_limit: int | None
    redeemed: int
    active: bool
    created_at: datetime
    version: int


@operation("payment", action="coupon.create", errors=[CouponTaken], per_day=2000)
class CreateCoupon(Request[Coupon]):
    """Make a coupon: either `percent` or a fixed `amount` off."""

    __rules__ = (ExactlyOne("percent", "amount"), MoreThanNothing("amount"))

    code: CouponCode
    percent: int | None = Field(None, ge=1, le=100)
    amount: Price | None = None
    course_id: UUID | None = None
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    total_limit: int | None = Field(None, ge=1, le=1_000_000)
    person_limit: int | None = Field(1, ge=1, le=1_000_000)


@operation("payment", action="coupon.read", idempotent=True)
class ListCoupons(ListRequest[Page[Coupon]]):
    """List coupons, newest first."""


@operation("payment", action="coupon.read", idempotent=True)
class GetCoupon(Request[Coupon]):
    """Read a coupon."""

    coupon_id: UUID


@operation("payment", action="coupon.delete", idempotent=True, per_day=2000)
class DeleteCoupon(Request[Empty]):
    """Take a coupon out of use; purchases that claimed it keep their price."""

    coupon_id: UUID
