"""Reasons for which a purchase turned back, as the ending of its payment."""

from colonnade.errors import Conflict
from colonnade_payment.api import MethodDeclined, NoAnswer
from colonnade_payment.settlement.payments import Ending
from colonnade_payment.statuses import PaymentStatus

_UNSURE = frozenset({NoAnswer.code, "deadline_exceeded", "unavailable", "internal"})
"""Codes of failures after which the provider may act yet."""


def ending_of(reason: str) -> Ending:
    """Read a saga's `reason`, a code and a sentence, as the ending of its payment."""
    kind, _, rest = reason.partition(": ")
    if kind in (MethodDeclined.code, Conflict.code):
        code, _, sentence = rest.partition(": ")
        if kind == MethodDeclined.code:
            return Ending(PaymentStatus.DECLINED, code, sentence or rest)
        return Ending(PaymentStatus.CANCELED, code, sentence or rest)
    if not rest:
        return Ending(PaymentStatus.CANCELED, "given_up", reason, unsure=True)
    return Ending(PaymentStatus.CANCELED, kind, rest, unsure=kind in _UNSURE)
