"""Amounts as Stripe counts them: ISO 4217 minor units, with the exceptions that it documents
(https://docs.stripe.com/currencies)."""

from colonnade.money import Money

_HUNDREDFOLD = frozenset({"ISK", "UGX"})
"""Currencies without minor units that Stripe still counts in hundredths."""

_WHOLE = frozenset({"MGA"})
"""Currencies with hundredths in ISO 4217 that Stripe counts in whole units."""


class AmountNotCharged(ValueError):
    """Amount that Stripe has no number for; the text says what can be done."""


def to_stripe(money: Money) -> tuple[int, str]:
    """Convert to the amount and the currency code of a request.

    Raises:
        AmountNotCharged: it has a part that Stripe does not count.
    """
    amount, code = money.amount, money.currency.lower()
    if money.currency in _HUNDREDFOLD:
        return amount * 100, code
    if money.currency not in _WHOLE:
        return amount, code
    if amount % 100:
        raise AmountNotCharged(f"Stripe takes whole {money.currency} only, not {money}.")
    return amount // 100, code


def from_stripe(amount: int, currency: str) -> Money:
    """Convert the amount of an answer."""
    code = currency.upper()
    if code in _HUNDREDFOLD:
        amount //= 100
    elif code in _WHOLE:
        amount *= 100
    return Money(amount=amount, currency=code)
