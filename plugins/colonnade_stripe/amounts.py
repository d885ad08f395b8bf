"""Amounts as Stripe counts them: ISO 4217 minor units, with two exceptions that it documents."""

from colonnade.money import Money

_HUNDREDFOLD = frozenset({"ISK", "UGX"})
"""Currencies without minor units that Stripe still counts in hundredths."""


def to_stripe(money: Money) -> tuple[int, str]:
    """The amount and the currency code for a request."""
    factor = 100 if money.currency in _HUNDREDFOLD else 1
    return money.amount * factor, money.currency.lower()


def from_stripe(amount: int, currency: str) -> Money:
    """The amount of an answer."""
    code = currency.upper()
    return Money(amount=amount // (100 if code in _HUNDREDFOLD else 1), currency=code)
