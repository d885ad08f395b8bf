"""Currencies: those of today can be chosen, those of yesterday can still be read."""

import pytest
from pydantic import TypeAdapter, ValidationError

from colonnade.money import CURRENT_CURRENCIES, Money, Price

PRICE: TypeAdapter[Money] = TypeAdapter(Price)


@pytest.mark.parametrize("code", ["EUR", "XCG", "ZWG", "SLE", "VED", "KWD", "JPY"])
def test_a_price_may_be_in_any_current_currency(code: str) -> None:
    assert PRICE.validate_python({"amount": 100, "currency": code}).currency == code


@pytest.mark.parametrize("code", ["ANG", "BGN"])
def test_a_withdrawn_currency_is_read_and_not_chosen(code: str) -> None:
    assert str(Money(amount=4900, currency=code)) == f"49.00 {code}"
    with pytest.raises(ValidationError, match="withdrawn from ISO 4217"):
        PRICE.validate_python({"amount": 4900, "currency": code})


@pytest.mark.parametrize("code", ["HRK", "ZWL", "SLL", "XAU", "XTS", "XXX", "eur", "EURO", "€", ""])
def test_what_nobody_pays_in_is_no_currency(code: str) -> None:
    with pytest.raises(ValidationError):
        Money(amount=1, currency=code)


def test_codes_are_three_capitals() -> None:
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENT_CURRENCIES)
