"""Handlers of metrics."""

from zoneinfo import ZoneInfo

from sqlalchemy import and_

from colonnade.errors import NotFound
from colonnade.operations import Call, handles
from colonnade.store import Session
from colonnade_analytics.api import GetMetrics, Metrics
from colonnade_analytics.calendar.periods import default_days, periods
from colonnade_analytics.config import AnalyticsContext
from colonnade_analytics.models import ActivityRow, CountRow, CourseRow
from colonnade_analytics.resources import METRIC_ACTIVITY, METRIC_COUNT, METRIC_COURSE
from colonnade_analytics.rollups.metrics import metrics_of
from colonnade_analytics.rollups.queries import (
    of_every_course,
    of_single_courses,
)


class MetricHandlers:
    """Operations on metrics."""

    def __init__(self, ctx: AnalyticsContext) -> None:
        self._ctx = ctx

    @handles(GetMetrics)
    async def get_metrics(self, request: GetMetrics, call: Call) -> Metrics:
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
