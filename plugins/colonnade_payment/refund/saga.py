"""The refund saga: claim the amount, send it once, book it when it is known to have gone."""

from uuid import UUID

from colonnade.messages import Message
from colonnade.money import Money
from colonnade.sagas import Saga, Step
from colonnade_payment.providers.registry import PROVIDER_RETRY


class RefundState(Message):
    """Values that one step hands to the next."""

    refund_id: UUID
    payment_id: UUID
    provider: str
    capture: str
    amount: Money


REFUND = Saga(
    name="refund",
    state=RefundState,
    persistence=PROVIDER_RETRY,
    steps=(
        Step("claim", "keep_claim", compensation="drop_claim", idempotent=True),
        Step(
            "refund", "refund", resolve="find_refund", pivot=True, retry=PROVIDER_RETRY, timeout=15
        ),
        Step("end-enrollment", "end_enrollment", idempotent=True),
    ),
)
"""The claim is made with the saga; its step is there to be compensated."""
