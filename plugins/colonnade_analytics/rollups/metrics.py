"""Metrics of periods, summed up from the counts."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement

from colonnade.store import Session
from colonnade_analytics.api import Amount, MetricValues, PeriodMetrics
from colonnade_analytics.calendar.periods import Period
from colonnade_analytics.models import NO_CURRENCY
from colonnade_analytics.privacy.suppression import shown, shown_parts, total_may_be_shown
from colonnade_analytics.rollups.increments import Metric
from colonnade_analytics.rollups.queries import (
    Sums,
    learners_by_span,
    learners_in_all,
    spans_of,
    sums_by_span,
)


def metrics_of(
    session: Session,
    found: Sequence[Period],
    counts: ColumnElement[bool],
    activity: ColumnElement[bool],
    smallest: int,
) -> tuple[list[PeriodMetrics], MetricValues]:
    """Metrics of each period and of all together, over the rows that the conditions admit."""
    spans = spans_of(found)
    learners = learners_by_span(session, spans, activity)
    everybody = learners_in_all(session, [(spans[0][0], spans[-1][1])], activity)
    visible = shown_parts(learners, smallest)
    total_is_safe = total_may_be_shown(learners, visible, smallest)
    sums = sums_by_span(session, spans, counts)
    items = [
        PeriodMetrics(
            period=period.label,
            first_day=period.first_day,
            last_day=period.last_day,
            start=period.start,
            end=period.end,
            **_values(sums[place], visible[place]),
        )
        for place, period in enumerate(found)
    ]
    total = _values(_added(sums), shown(everybody, smallest) if total_is_safe else None)
    return items, MetricValues(**total)


def _values(sums: Sums, active: int | None) -> dict[str, object]:
    return {
        "active_learners": active,
        "enrolments": _number(sums, Metric.ENROLMENTS),
        "completions": _number(sums, Metric.COMPLETIONS),
        "lessons_completed": _number(sums, Metric.LESSONS),
        "revenue": _amounts(sums, Metric.REVENUE),
        "refunds": _amounts(sums, Metric.REFUNDS),
    }


def _number(sums: Sums, metric: Metric) -> int:
    return sums.get((metric, NO_CURRENCY), (0, 0))[0]


def _amounts(sums: Sums, metric: Metric) -> list[Amount]:
    return [
        Amount(amount=amount, currency=currency)
        for (name, currency), (_, amount) in sorted(sums.items())
        if name == metric
    ]


def _added(sums: Sequence[Sums]) -> Sums:
    total: Sums = {}
    for item in sums:
        for key, (number, amount) in item.items():
            before = total.get(key, (0, 0))
            total[key] = (before[0] + number, before[1] + amount)
    return total
