"""What is asked about metrics."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_

from colonnade.errors import NotFound
from colonnade.operations import Call, handles
from colonnade.store import Session
from colonnade_analytics.api import Amount, GetMetrics, Metrics, MetricValues, PeriodMetrics
from colonnade_analytics.calendar.periods import Period, default_days, periods
from colonnade_analytics.config import AnalyticsContext
from colonnade_analytics.models import NO_CURRENCY, ActivityRow, CountRow, CourseRow
from colonnade_analytics.privacy.suppression import shown, shown_parts, total_may_be_shown
from colonnade_analytics.resources import METRIC_ACTIVITY, METRIC_COUNT, METRIC_COURSE
from colonnade_analytics.rollups import increments
from colonnade_analytics.rollups.queries import (
    Sums,
    learners_by_span,
    learners_in_all,
    of_every_course,
    of_single_courses,
    spans_of,
    sums_by_span,
)


class MetricCounts:
    """Handles what is asked about metrics."""

    def __init__(self, ctx: AnalyticsContext) -> None:
        self._ctx = ctx

    @handles(GetMetrics)
    async def read(self, request: GetMetrics, call: Call) -> Metrics:
        """Count, in the academy's time zone, what the caller may see."""
        tenant = self._ctx.tenant()
        zone = ZoneInfo(tenant.timezone)
        first, last = default_days(zone, request.interval, self._ctx.clock.now())
        last = request.to_date or max(last, request.from_date or last)
        found = periods(zone, request.interval, request.from_date or min(first, last), last)
        smallest = self._ctx.tenant_config().smallest_group
        counts = and_(call.visible(METRIC_COUNT), of_single_courses())
        activity = call.visible(METRIC_ACTIVITY)
        if request.course_id is None and call.decision.unconditional:
            counts = of_every_course()
        elif request.course_id is not None:
            counts = and_(counts, CountRow.course_id == request.course_id)
            activity = and_(activity, ActivityRow.course_id == request.course_id)

        def work(session: Session) -> Metrics:
            if request.course_id is not None:
                _require_course(session, request, call)
            items, total = metrics_of(session, found, counts, activity, smallest)
            return Metrics(
                interval=request.interval,
                timezone=tenant.timezone,
                course_id=request.course_id,
                smallest_group=smallest,
                items=items,
                total=total,
            )

        return await self._ctx.store.read(work)


def _require_course(session: Session, request: GetMetrics, call: Call) -> None:
    row = session.get(CourseRow, request.course_id)
    if row is None:
        raise NotFound("There is no such course, or none whose numbers you may see.")
    call.require(session, METRIC_COURSE, row)


def metrics_of(
    session: Session,
    found: Sequence[Period],
    counts: ColumnElement[bool],
    activity: ColumnElement[bool],
    smallest: int,
) -> tuple[list[PeriodMetrics], MetricValues]:
    """What was counted in each period and in all of them, over the rows that the conditions
    admit."""
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
        "enrolments": _number(sums, increments.ENROLMENTS),
        "completions": _number(sums, increments.COMPLETIONS),
        "lessons_completed": _number(sums, increments.LESSONS),
        "revenue": _amounts(sums, increments.REVENUE),
        "refunds": _amounts(sums, increments.REFUNDS),
    }


def _number(sums: Sums, metric: str) -> int:
    return sums.get((metric, NO_CURRENCY), (0, 0))[0]


def _amounts(sums: Sums, metric: str) -> list[Amount]:
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
