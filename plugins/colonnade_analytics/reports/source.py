"""Source of a report's numbers, for the tenant in context."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from colonnade.messages import Request
from colonnade.store import Session
from colonnade_analytics.api import EventCount, Interval, Metrics
from colonnade_analytics.calendar.instants import microseconds_of
from colonnade_analytics.calendar.periods import periods, start_of
from colonnade_analytics.config import AnalyticsContext
from colonnade_analytics.models import ActivityRow, ClientEventRow
from colonnade_analytics.privacy.suppression import shown
from colonnade_analytics.reports.scope import counts_in_scope, in_scope
from colonnade_analytics.rollups.metrics import metrics_of

T = TypeVar("T")


class TenantReportSource:
    """The tenant's numbers; see `colonnade_analytics.api.ReportSource`."""

    def __init__(
        self,
        ctx: AnalyticsContext,
        *,
        timezone: str,
        locale: str,
        scope: frozenset[UUID] | None,
        requested_by: str,
    ) -> None:
        self._ctx = ctx
        self.tenant = ctx.tenant()
        self.zone = ZoneInfo(timezone)
        self.locale = locale
        self.now = ctx.clock.now()
        self.smallest_group = ctx.tenant_config().smallest_group
        self.scope = scope
        self.requested_by = requested_by

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on a snapshot of the service's tables."""
        return await self._ctx.store.read(work)

    async def ask(self, request: Request[Any]) -> Any:
        """Ask a service that analytics requires, as the service."""
        return await self._ctx.ask(request)

    async def metrics(self, interval: Interval, first: date, last: date) -> Metrics:
        """The metrics of the periods that hold these days."""
        found = periods(self.zone, interval, first, last)
        counts = counts_in_scope(self)
        activity = in_scope(ActivityRow.course_id, self)

        def work(session: Session) -> Metrics:
            items, total = metrics_of(session, found, counts, activity, self.smallest_group)
            return Metrics(
                interval=interval,
                timezone=str(self.zone),
                course_id=None,
                smallest_group=self.smallest_group,
                items=items,
                total=total,
            )

        return await self.read(work)

    async def client_events(self, name: str, first: date, last: date) -> Sequence[EventCount]:
        """Counts of the client event `name` on these days, by course."""
        after = date.fromordinal(last.toordinal() + 1)
        query = (
            select(
                ClientEventRow.course_id,
                func.count(),
                func.count(ClientEventRow.person_id.distinct()),
            )
            .where(
                ClientEventRow.name == name,
                ClientEventRow.occurred_us >= microseconds_of(start_of(first, self.zone)),
                ClientEventRow.occurred_us < microseconds_of(start_of(after, self.zone)),
            )
            .group_by(ClientEventRow.course_id)
            .order_by(ClientEventRow.course_id)
        )
        if self.scope is not None:
            query = query.where(ClientEventRow.course_id.in_(self.scope))
        rows = await self.read(lambda session: session.execute(query).all())
        return [
            EventCount(course, int(events), shown(int(people), self.smallest_group))
            for course, events, people in rows
        ]
