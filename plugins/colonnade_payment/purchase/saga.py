"""The purchase saga: reserve a seat, authorise, capture, activate the enrolment, notify.

Capturing is the pivot. What fails before it gives everything back; what follows it is tried for
ever. A provider that does not answer is asked what became of the request, never guessed about.
"""

from uuid import UUID

from colonnade.messages import Message
from colonnade.money import Money
from colonnade.sagas import RetryRule, Saga, Step
from colonnade_payment.providers.registry import PROVIDER_RETRY

STEP_SECONDS = 15.0
"""Deadline of one try of a step; longer than a provider gets to answer."""


class PurchaseState(Message):
    """Values that one step hands to the next.

    `refused` says why the course service gave no seat, `undelivered` that the enrolment ended
    before it began.
    """

    payment_id: UUID
    user_id: UUID
    course_id: UUID
    provider: str
    method: str
    amount: Money
    enrollment_id: UUID | None = None
    authorization: str = ""
    refused: str = ""
    undelivered: bool = False


PURCHASE = Saga(
    name="purchase",
    state=PurchaseState,
    timeout=900.0,
    persistence=PROVIDER_RETRY,
    steps=(
        Step(
            "reserve-seat",
            "reserve_seat",
            compensation="release_seat",
            idempotent=True,
            retry=RetryRule(8),
            timeout=STEP_SECONDS,
        ),
        Step(
            "authorize",
            "authorize",
            compensation="void_authorization",
            resolve="find_authorization",
            retry=RetryRule(3),
            timeout=STEP_SECONDS,
        ),
        Step(
            "capture",
            "capture",
            resolve="find_capture",
            pivot=True,
            retry=RetryRule(3),
            timeout=STEP_SECONDS,
        ),
        Step("activate-enrollment", "activate_enrollment", idempotent=True),
        Step("notify", "notify", idempotent=True, local=True),
    ),
)
"""A purchase whose money is not captured within a quarter of an hour is given up."""
