"""Reasons for which a purchase turned back, as the ending of its payment."""

from colonnade.errors import Conflict
from colonnade.sagas import SagaReason
from colonnade_payment.api import MethodDeclined, NoAnswer
from colonnade_payment.settlement.payments import Ending
from colonnade_payment.statuses import PaymentStatus

_UNSURE = frozenset({NoAnswer.code, "deadline_exceeded", "unavailable", "internal"})
"""Codes of failures after which the provider may act yet."""


def ending_of(reason: SagaReason) -> Ending:
    """Ending of the payment of a purchase that turned back for `reason`."""
    if reason.code == MethodDeclined.code:
        code, sentence = _told(reason)
        return Ending(PaymentStatus.DECLINED, code, sentence)
    if reason.code == Conflict.code:
        code, sentence = _told(reason)
        return Ending(PaymentStatus.CANCELED, code, sentence)
    if not reason.code:
        return Ending(PaymentStatus.CANCELED, "given_up", reason.sentence, unsure=True)
    unsure = reason.code in _UNSURE
    return Ending(PaymentStatus.CANCELED, reason.code, reason.sentence, unsure=unsure)


def _told(reason: SagaReason) -> tuple[str, str]:
    """Code and sentence that the provider or the course service gave, within the sentence."""
    told = SagaReason.parse(reason.sentence)
    return told.code or reason.code, told.sentence
