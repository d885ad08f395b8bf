"""The kinds of values that the contract is made of, with their bounds."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from colonnade.messages import Message
from colonnade.money import MAXIMUM_AMOUNT, Currency, Money
from colonnade.text import VisibleLine

Method = Annotated[
    str, StringConstraints(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9_.:-]+$")
]
"""What the provider's form gave the client in place of card data, such as `tok_ok`."""

CouponCode = Annotated[
    str, StringConstraints(min_length=2, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
]
"""A coupon's code; case does not count."""

Reason = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500),
    VisibleLine(),
]
"""One line of text that says why."""

ProviderName = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z][a-z0-9-]*$")]

PaymentStatus = Literal[
    "pending",
    "authorized",
    "captured",
    "declined",
    "unknown",
    "refunded",
    "partially_refunded",
    "canceled",
]

RefundStatus = Literal["pending", "succeeded", "failed"]
PayoutStatus = Literal["requested", "approved", "paid", "rejected"]
JournalKind = Literal["capture", "refund", "payout_requested", "payout_rejected", "payout_paid"]

SignedAmount = Annotated[int, Field(ge=-MAXIMUM_AMOUNT, le=MAXIMUM_AMOUNT, strict=True)]


class SignedMoney(Message):
    """An amount that may be negative, such as a balance, in minor units."""

    amount: int = Field(strict=True, description="In minor units.")
    currency: Currency = Field(description="ISO 4217 code.")


class Share(Message):
    """Share of one instructor in a payment, or in what a refund takes back of it."""

    user_id: UUID
    amount: Money
