"""Events of the payment service.

Events of different types may overtake each other: of one payment, or one payout, the event with
the higher `sequence` is the later. Amounts are of the payment's one currency. Of a captured payment
`amount` is the sum of `shares` and `platform_fee`, to the minor unit; of a refund likewise.
"""

from datetime import datetime
from uuid import UUID

from colonnade.events import Event, event
from colonnade.money import Money
from colonnade_payment.api.types import Share


@event("payment", key="payment_id")
class PaymentCaptured(Event):
    """Money has arrived: the moment of the sale. Once per payment.

    `list_price` is the course's price, `amount` what was paid after the coupon.
    """

    payment_id: UUID
    user_id: UUID
    course_id: UUID
    amount: Money
    list_price: Money
    coupon_code: str | None = None
    shares: list[Share]
    platform_fee: Money
    captured_at: datetime
    sequence: int


class PaymentFailure(Event):
    """A payment that came to nothing; `reason` is a stable code, `detail` a sentence."""

    payment_id: UUID
    user_id: UUID
    course_id: UUID
    amount: Money
    reason: str
    detail: str = ""
    sequence: int


@event("payment", key="payment_id")
class PaymentDeclined(PaymentFailure):
    """The payment provider refused; nothing was taken."""


@event("payment", key="payment_id")
class PaymentCanceled(PaymentFailure):
    """The purchase was given up before money moved: no seat, no time left, or the buyer's wish."""


@event("payment", key="payment_id")
class PurchaseCompleted(Event):
    """A buyer has paid for a course and is enrolled in it. Once per payment."""

    payment_id: UUID
    user_id: UUID
    course_id: UUID
    enrollment_id: UUID
    amount: Money
    sequence: int


@event("payment", key="payment_id")
class PaymentRefunded(Event):
    """Money went back. Once per refund.

    `amount` is this refund's, `refunded_total` that of all so far; `is_full` says that nothing
    of the payment is left. `shares` and `platform_fee` are what this refund takes back.
    """

    payment_id: UUID
    refund_id: UUID
    user_id: UUID
    course_id: UUID
    amount: Money
    refunded_total: Money
    is_full: bool
    shares: list[Share]
    platform_fee: Money
    reason: str
    refunded_at: datetime
    sequence: int


@event("payment", key="payment_id")
class PurchaseUndelivered(Event):
    """Money arrived for a course that the buyer can never have, since the account, the course or
    the seat is gone; what is left of it goes back by itself. At most once per payment."""

    payment_id: UUID
    user_id: UUID
    course_id: UUID
    amount: Money
    reason: str
    sequence: int


class PayoutFact(Event):
    """The state of a payout after a change; `at` is when it changed."""

    payout_id: UUID
    instructor_id: UUID
    amount: Money
    at: datetime
    sequence: int


@event("payment", key="payout_id")
class PayoutRequested(PayoutFact):
    """An instructor wants their balance, or a part of it."""


@event("payment", key="payout_id")
class PayoutApproved(PayoutFact):
    """A payout was approved by somebody who may."""


@event("payment", key="payout_id")
class PayoutRejected(PayoutFact):
    """A payout was refused; the amount is in the instructor's balance again."""

    reason: str


@event("payment", key="payout_id")
class PayoutPaid(PayoutFact):
    """A payout has left; `reference` is the bank's."""

    reference: str
