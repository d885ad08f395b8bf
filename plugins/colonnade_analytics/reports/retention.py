"""Retention of reports, client events and pseudonyms: those past their age are deleted daily."""

from datetime import timedelta

from sqlalchemy import delete, select

from colonnade.services import Schedule
from colonnade.store import Session
from colonnade_analytics.client_events.retention import delete_expired_events
from colonnade_analytics.config import AnalyticsContext
from colonnade_analytics.models import ReportContentRow, ReportRow
from colonnade_analytics.privacy.pseudonyms import delete_expired_pseudonyms

RETENTION = Schedule("analytics-housekeeping", every=86_400.0, run="delete_expired")
"""Deletion of what is past its retention, once a day for every tenant."""

KEPT_DAYS = 90
"""Days that a report is kept."""


class AnalyticsRetention:
    """Deletes what is past its retention."""

    def __init__(self, ctx: AnalyticsContext) -> None:
        self._ctx = ctx

    async def delete_expired(self) -> None:
        """Delete expired reports, pseudonyms and client events."""
        await self._ctx.store.run(_delete_expired_reports)
        await delete_expired_events(self._ctx, self._ctx.config.client_events)


def _delete_expired_reports(session: Session) -> None:
    delete_expired_pseudonyms(session)
    before = session.now - timedelta(days=KEPT_DAYS)
    expired = list(session.scalars(select(ReportRow.id).where(ReportRow.created_at < before)))
    for table, column in (
        (ReportContentRow, ReportContentRow.report_id),
        (ReportRow, ReportRow.id),
    ):
        session.execute(delete(table).where(column.in_(expired)))
