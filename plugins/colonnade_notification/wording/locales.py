"""Locales: the languages to try for a reader, and how they write money, dates and times."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency

from colonnade.money import CURRENCY_EXPONENTS

LAST_RESORT = "en"


def fallbacks(*wanted: str | None) -> Iterator[str]:
    """Yield languages to try in order: each wanted one, then without its region, then English.

    `de-AT` and an academy in `fr-CH` give `de-AT`, `de`, `fr-CH`, `fr`, `en`.
    """
    seen = set()
    for tag in (*wanted, LAST_RESORT):
        parts = (tag or "").replace("_", "-").split("-")
        for length in range(len(parts), 0, -1):
            candidate = "-".join(parts[:length])
            if candidate and candidate not in seen:
                seen.add(candidate)
                yield candidate


@lru_cache(maxsize=200)
def babel_locale(tag: str) -> Locale:
    """Babel's locale of a language; English where it is not known."""
    for candidate in fallbacks(tag):
        try:
            return Locale.parse(candidate, sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return Locale.parse(LAST_RESORT)


def zone(name: str | None) -> ZoneInfo:
    """A time zone; UTC where the name is not known."""
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def money(value: object, locale: str) -> str:
    """`{"amount": 4900, "currency": "EUR"}` as the language writes it: `49,00 €`."""
    if not isinstance(value, Mapping):
        return ""
    amount, currency = value.get("amount"), value.get("currency")
    if not isinstance(amount, int) or not isinstance(currency, str):
        return ""
    return _price(amount, currency, locale)


@lru_cache(maxsize=1000)
def _price(amount: int, currency: str, locale: str) -> str:
    exponent = CURRENCY_EXPONENTS.get(currency, 2)
    number = Decimal(amount).scaleb(-exponent)
    return format_currency(number, currency, locale=babel_locale(locale), decimal_quantization=True)


def date(value: object, locale: str, timezone: str) -> str:
    """An RFC 3339 time as a date where the reader is."""
    moment = _moment(value, timezone)
    return "" if moment is None else format_date(moment.date(), "long", babel_locale(locale))


def date_and_time(value: object, locale: str, timezone: str) -> str:
    """An RFC 3339 time as date and time where the reader is."""
    moment = _moment(value, timezone)
    return "" if moment is None else _moment_in_words(moment, locale, timezone)


# A message is filled for the list in the app and again for its mail: the same moment twice.
@lru_cache(maxsize=1000)
def _moment_in_words(moment: datetime, locale: str, timezone: str) -> str:
    there = zone(timezone)
    return format_datetime(moment, "long", tzinfo=there, locale=babel_locale(locale))


def _moment(value: Any, timezone: str) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return aware.astimezone(zone(timezone))
