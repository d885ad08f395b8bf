"""Behaviour of the sandbox for each method of payment."""

from dataclasses import dataclass

from colonnade_payment.api import ProviderAction

A, C, R = ProviderAction.AUTHORIZE, ProviderAction.CAPTURE, ProviderAction.REFUND


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Behaviour for requests with one method.

    `declines` are the actions that are refused, for `reason`. `silent` ones are done and never
    answered, `lost` ones neither. `late` ones are not answered, denied when asked about, and
    take effect some time later all the same. `slow` ones are answered after a pause. With
    `twice` each webhook is sent twice.
    """

    declines: frozenset[ProviderAction] = frozenset()
    reason: str = ""
    message: str = ""
    silent: frozenset[ProviderAction] = frozenset()
    lost: frozenset[ProviderAction] = frozenset()
    late: frozenset[ProviderAction] = frozenset()
    slow: frozenset[ProviderAction] = frozenset()
    twice: bool = False


def _declines(action: ProviderAction, reason: str, message: str) -> Behaviour:
    return Behaviour(declines=frozenset({action}), reason=reason, message=message)


BEHAVIOURS = {
    "tok_ok": Behaviour(),
    "tok_declined": _declines(A, "card_declined", "The card was declined."),
    "tok_insufficient_funds": _declines(A, "insufficient_funds", "The card has too little money."),
    "tok_capture_declined": _declines(C, "capture_failed", "The money could not be taken."),
    "tok_refund_declined": _declines(R, "refund_failed", "The card no longer takes refunds."),
    "tok_timeout": Behaviour(silent=frozenset({A, C})),
    "tok_refund_timeout": Behaviour(silent=frozenset({R})),
    "tok_lost": Behaviour(lost=frozenset({C})),
    "tok_late": Behaviour(late=frozenset({C})),
    "tok_slow": Behaviour(slow=frozenset({A, C, R})),
    "tok_twice": Behaviour(twice=True),
}
"""Method → behaviour; what is not here is refused as `unknown_method`."""

UNKNOWN = _declines(A, "unknown_method", "The sandbox knows no such method of payment.")


def behaviour_of(method: str) -> Behaviour:
    """Find the behaviour for a method."""
    return BEHAVIOURS.get(method, UNKNOWN)
