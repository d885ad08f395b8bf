"""Statuses of payments, refunds and payouts, with the values that their tables hold."""

from enum import StrEnum


class PaymentStatus(StrEnum):
    """Statuses of a payment."""

    PENDING = "pending"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    DECLINED = "declined"
    UNKNOWN = "unknown"
    """The provider was asked and has not answered."""
    REFUNDED = "refunded"
    PARTIALLY_REFUNDED = "partially_refunded"
    CANCELED = "canceled"


OPEN = (PaymentStatus.PENDING, PaymentStatus.AUTHORIZED, PaymentStatus.UNKNOWN)
"""Statuses of a payment whose money has not moved and may."""

FAILED = (PaymentStatus.DECLINED, PaymentStatus.CANCELED)
"""Statuses of a payment that came to nothing."""


class RefundStatus(StrEnum):
    """Statuses of a refund."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class PayoutStatus(StrEnum):
    """Statuses of a payout."""

    REQUESTED = "requested"
    APPROVED = "approved"
    PAID = "paid"
    REJECTED = "rejected"
