"""Numbers, money and dates as people of a locale write them."""

from datetime import date
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
from babel.numbers import format_compact_currency, format_currency, format_decimal, format_percent

from colonnade.money import CURRENCY_EXPONENTS
from colonnade_analytics.api import Interval
from colonnade_analytics.calendar.periods import Period


def locale_of(tag: str) -> Locale:
    """The locale of a BCP 47 tag; its language alone, or English, where it is not known."""
    for candidate in (tag, tag.partition("-")[0]):
        try:
            return Locale.parse(candidate, sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en")


def number(value: float, tag: str) -> str:
    """A whole number with its thousands apart."""
    return str(format_decimal(round(value), locale=locale_of(tag)))


def percent(value: float, tag: str) -> str:
    """A part of a hundred, to one decimal place where it is not whole."""
    return str(format_percent(value / 100, "#,##0.#%", locale=locale_of(tag)))


def money(amount: float, currency: str, tag: str) -> str:
    """An amount in minor units."""
    return str(format_currency(in_major_units(amount, currency), currency, locale=locale_of(tag)))


def short_money(amount: float, currency: str, tag: str) -> str:
    """An amount in minor units, in few characters: for an axis."""
    major = in_major_units(amount, currency)
    return str(format_compact_currency(major, currency, locale=locale_of(tag), fraction_digits=1))


def in_major_units(amount: float, currency: str) -> Decimal:
    """An amount in minor units as people write it: 4900 cents are 49."""
    return Decimal(round(amount)).scaleb(-CURRENCY_EXPONENTS.get(currency, 2))


def day(value: date, tag: str) -> str:
    """A date with its year."""
    return str(format_date(value, "medium", locale=locale_of(tag)))


def period_name(period: Period, interval: Interval, tag: str) -> str:
    """A period, short enough for an axis."""
    if interval == "week":
        return period.label
    skeleton = "yMMM" if interval == "month" else "MMMd"
    return str(format_skeleton(skeleton, period.first_day, locale=locale_of(tag)))
