"""Resource types for policies: payments, the ledger, payouts and coupons."""

from colonnade.policy import ResourceType
from colonnade_payment.models import (
    AccountRow,
    CouponRow,
    JournalRow,
    NoticeRow,
    PaymentRow,
    PayoutRow,
)

PAYMENT = ResourceType(
    "payment",
    fields={
        "id": PaymentRow.id,
        "user_id": PaymentRow.user_id,
        "course_id": PaymentRow.course_id,
        "status": PaymentRow.status,
    },
)

TRANSACTION = ResourceType("transaction", fields={"id": JournalRow.id})

BALANCE = ResourceType("balance", fields={"user_id": AccountRow.user_id})

PAYOUT = ResourceType(
    "payout", fields={"id": PayoutRow.id, "instructor_id": PayoutRow.instructor_id}
)

COUPON = ResourceType("coupon", fields={"id": CouponRow.id, "course_id": CouponRow.course_id})

WEBHOOK = ResourceType("webhook", fields={"provider": NoticeRow.provider})

RESOURCE_TYPES = [PAYMENT, TRANSACTION, BALANCE, PAYOUT, COUPON, WEBHOOK]
