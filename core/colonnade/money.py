"""Money in integer minor units with ISO 4217 exponents. Never a float."""

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from colonnade.messages import Message

_TWO = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
    "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD "
    "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP "
    "PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS "
    "TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
)
_WITHDRAWN = "ANG BGN"
_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"

CURRENCY_EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_TWO.split(), 2),
    **dict.fromkeys(_WITHDRAWN.split(), 2),
    **dict.fromkeys(_ZERO.split(), 0),
    **dict.fromkeys(_THREE.split(), 3),
}
"""ISO 4217 code → number of decimal digits of its minor unit; those withdrawn since 2025 included,
since there are sales in them."""

CURRENT_CURRENCIES = frozenset(CURRENCY_EXPONENTS) - frozenset(_WITHDRAWN.split())
"""ISO 4217 as of 2026-01-01: XCG has taken the place of ANG, EUR that of BGN. Without the codes of
funds, metals, bonds and tests, in which nobody pays."""

MAXIMUM_AMOUNT = 10**15
"""The largest amount in minor units; sums of nine thousand of them still fit in 64 bits."""


def _known_currency(code: str) -> str:
    if code not in CURRENCY_EXPONENTS:
        raise ValueError(f"'{code}' is not an ISO 4217 currency code such as EUR or USD")
    return code


Currency = Annotated[
    str,
    StringConstraints(min_length=3, max_length=3),
    AfterValidator(_known_currency),
    Field(json_schema_extra={"enum": sorted(CURRENCY_EXPONENTS)}),
]
"""An ISO 4217 code in capitals, current or withdrawn."""


class Money(Message):
    """An amount that is not negative, such as a price: 49.00 EUR is `amount=4900`."""

    amount: int = Field(ge=0, le=MAXIMUM_AMOUNT, strict=True, description="In minor units.")
    currency: Currency = Field(description="ISO 4217 code.")

    def __str__(self) -> str:
        exponent = CURRENCY_EXPONENTS[self.currency]
        if exponent == 0:
            return f"{self.amount} {self.currency}"
        whole, part = divmod(self.amount, 10**exponent)
        return f"{whole}.{part:0{exponent}d} {self.currency}"


def _current_price(price: Money) -> Money:
    if price.currency not in CURRENT_CURRENCIES:
        raise ValueError(f"'{price.currency}' was withdrawn from ISO 4217; nobody can pay in it")
    return price


class _InCurrentCurrency:
    """Marks money in which somebody can pay today."""

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_current_price, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        current = {"currency": {"enum": sorted(CURRENT_CURRENCIES)}}
        return {"allOf": [handler(schema), {"properties": current}]}


Price = Annotated[Money, _InCurrentCurrency()]
"""Price: money in a currency that is current."""
