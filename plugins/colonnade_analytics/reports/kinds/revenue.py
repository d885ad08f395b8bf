"""Revenue: payments, refunds, and who got the rest, by period."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pydantic import Field
from sqlalchemy import func, select

from colonnade.store import Session
from colonnade_analytics.api import (
    Amount,
    Cell,
    Column,
    ColumnChart,
    Interval,
    ReportParameters,
    ReportSource,
    ReportTable,
    Series,
)
from colonnade_analytics.calendar.periods import Period, first_day, periods
from colonnade_analytics.models import EarningRow
from colonnade_analytics.reports.captions import subtitle
from colonnade_analytics.reports.scope import counts_in_scope, in_scope, last_day
from colonnade_analytics.rollups.increments import Metric
from colonnade_analytics.rollups.queries import Sums, span_places, spans_of, sums_by_span
from colonnade_analytics.wording.formats import money, period_name
from colonnade_analytics.wording.texts import text

DEFAULT_PERIODS: Mapping[Interval, int] = {"day": 30, "week": 12, "month": 12}
KEYS = ("gross", "refunds", "net", "platform_fee", "earned")


class RevenueParameters(ReportParameters):
    """Parameters: the days, and the length of a period."""

    interval: Interval = Field("month", description="How long a period is.")


class Revenue:
    """Revenue when it was captured, refunds when they were made; in each currency by itself."""

    name = "revenue"
    parameters = RevenueParameters

    def title(self, locale: str) -> str:
        """Title for people."""
        return text(locale, "revenue")

    async def step(
        self, source: ReportSource, parameters: RevenueParameters, state: Mapping[str, Any] | None
    ) -> ReportTable:
        """Make the whole report, from the counts."""
        found = periods(source.zone, parameters.interval, *_days(source, parameters))
        sums = await source.read(lambda session: _sums(session, source, found))
        rows = _rows(found, sums, source)
        currency = _main_currency(rows, source)
        mine = [row for row in rows if row["currency"] == currency]
        return ReportTable(
            title=self.title(source.locale),
            subtitle=subtitle(source, found[0].first_day, last_day(source, parameters)),
            columns=_columns(source.locale),
            rows=tuple(rows),
            summary=_summary(rows, source.locale),
            chart=_chart(found, mine, currency, parameters.interval, source.locale),
        )


def _days(source: ReportSource, parameters: RevenueParameters) -> tuple[date, date]:
    last = last_day(source, parameters)
    number = DEFAULT_PERIODS[parameters.interval]
    return parameters.from_date or first_day(parameters.interval, last, number), last


def _sums(session: Session, source: ReportSource, found: Sequence[Period]) -> list[Sums]:
    spans = spans_of(found)
    sums = sums_by_span(session, spans, counts_in_scope(source))
    places = span_places(spans)
    query = (
        select(places.c.place, EarningRow.currency, func.sum(EarningRow.amount))
        .join_from(
            places,
            EarningRow,
            (EarningRow.quarter >= places.c.low) & (EarningRow.quarter < places.c.high),
        )
        .where(in_scope(EarningRow.course_id, source))
        .group_by(places.c.place, EarningRow.currency)
    )
    for place, currency, amount in session.execute(query):
        sums[place]["earned", currency] = (0, int(amount))
    return sums


def _rows(
    found: Sequence[Period], sums: Sequence[Sums], source: ReportSource
) -> list[dict[str, Cell]]:
    currencies = sorted({currency for item in sums for _, currency in item if currency})
    return [
        _row(period, item, currency)
        for currency in currencies or [source.tenant.currency]
        for period, item in zip(found, sums, strict=True)
    ]


def _row(period: Period, sums: Sums, currency: str) -> dict[str, Cell]:
    def amount(name: str) -> int:
        return sums.get((name, currency), (0, 0))[1]

    gross, refunds = amount(Metric.REVENUE), amount(Metric.REFUNDS)
    values = (gross, refunds, gross - refunds, amount(Metric.PLATFORM_FEE), amount("earned"))
    return {
        "period": period.label,
        "currency": currency,
        **{
            key: Amount(amount=value, currency=currency)
            for key, value in zip(KEYS, values, strict=True)
        },
    }


def _columns(locale: str) -> tuple[Column, ...]:
    return (
        Column("period", text(locale, "period")),
        Column("currency", text(locale, "currency")),
        *(Column(key, text(locale, key), "money") for key in KEYS),
    )


def _main_currency(rows: Sequence[Mapping[str, Any]], source: ReportSource) -> str:
    """The academy's own currency, or that of most revenue where it has none in it."""
    totals: dict[str, int] = {}
    for row in rows:
        totals[row["currency"]] = totals.get(row["currency"], 0) + row["gross"].amount
    if source.tenant.currency in totals:
        return source.tenant.currency
    return max(sorted(totals), key=lambda currency: totals[currency])


def _summary(rows: Sequence[Mapping[str, Any]], locale: str) -> tuple[str, ...]:
    def total(key: str, currency: str) -> str:
        amounts = (row[key].amount for row in rows if row["currency"] == currency)
        return money(sum(amounts), currency, locale)

    return tuple(
        text(
            locale,
            "revenue_total",
            **{key: total(key, currency) for key in ("net", "gross", "refunds")},
        )
        for currency in sorted({row["currency"] for row in rows})
    )


def _chart(
    found: Sequence[Period],
    rows: Sequence[Mapping[str, Any]],
    currency: str,
    interval: Interval,
    locale: str,
) -> ColumnChart:
    gross = Series(text(locale, "gross"), tuple(row["gross"].amount for row in rows))
    refunds = Series(text(locale, "refunds"), tuple(-row["refunds"].amount for row in rows))
    net = Series(text(locale, "net"), tuple(row["net"].amount for row in rows))
    return ColumnChart(
        categories=tuple(period_name(period, interval, locale) for period in found),
        series=(gross, refunds),
        line=net,
        category_label=text(locale, "period"),
        value_label=text(locale, "amount", currency=currency),
        form="money",
        currency=currency,
    )
