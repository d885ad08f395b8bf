"""Errors of the payment service, by stable codes."""

from colonnade.errors import Conflict, InvalidRequest, PaymentRequired, Unauthenticated


class CourseIsFree(Conflict):
    """The course has no price: enrol in it instead of paying."""

    code = "payment.course_is_free"
    title = "The course is free"


class AlreadyEnrolled(Conflict):
    """The buyer is in the course, or is buying it; `details` names the enrolment or the payment."""

    code = "payment.already_enrolled"
    title = "Already enrolled"


class MethodDeclined(PaymentRequired):
    """The provider refused the method of payment; `details.reason` is its code."""

    code = "payment.declined"
    title = "The payment was declined"


class CurrencyMismatch(Conflict):
    """The amount is in another currency than the payment."""

    code = "payment.currency_mismatch"
    title = "Another currency"


class RefundTooLarge(Conflict):
    """More than what is left of the payment; `details.refundable` says how much that is."""

    code = "payment.refund_too_large"
    title = "The refund is too large"


class NotRefundable(Conflict):
    """The payment captured no money; `details.status` is the payment's status."""

    code = "payment.not_refundable"
    title = "There is nothing to refund"


class NotCancelable(Conflict):
    """Money has moved, or the payment has ended; `details.status` is its status."""

    code = "payment.not_cancelable"
    title = "Too late to cancel"


class CouponNotUsable(Conflict):
    """The coupon is not for this purchase; `details.reason` says why: `unknown`,
    `not_started`, `expired`, `other_course`, `other_currency`, `used_up` or `used_by_you`."""

    code = "payment.coupon_not_usable"
    title = "The coupon cannot be used"


class CouponTaken(Conflict):
    """Another coupon has this code."""

    code = "payment.coupon_taken"
    title = "The code is taken"


class BalanceTooLow(Conflict):
    """The available balance is less than asked for, or than the smallest payout."""

    code = "payment.balance_too_low"
    title = "The balance is too low"


class PayoutState(Conflict):
    """The payout is not in the state that this needs; `details.status` is its status."""

    code = "payment.payout_state"
    title = "The payout is in another state"


class WebhookSignature(Unauthenticated):
    """The webhook is not signed by the provider, or is too old."""

    code = "payment.webhook_signature"
    title = "The signature does not fit"


class WebhookUnreadable(InvalidRequest):
    """The webhook is signed and still cannot be understood."""

    code = "payment.webhook_unreadable"
    title = "The webhook cannot be read"
