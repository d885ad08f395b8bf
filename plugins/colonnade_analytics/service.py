"""The analytics service: what its handlers and reactions are made of."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from colonnade_analytics.config import AnalyticsContext
from colonnade_analytics.handlers.client_events import ClientEvents
from colonnade_analytics.handlers.metrics import MetricCounts
from colonnade_analytics.handlers.reports import Reports
from colonnade_analytics.reactions import Consumption
from colonnade_analytics.reports.catalogue import Catalogue
from colonnade_analytics.reports.steps import ReportWork


@asynccontextmanager
async def analytics_service(ctx: AnalyticsContext) -> AsyncIterator[Sequence[object]]:
    """The objects that handle operations and events; nothing needs tearing down."""
    catalogue = Catalogue(ctx)
    yield [
        Consumption(),
        ClientEvents(ctx),
        MetricCounts(ctx),
        Reports(ctx, catalogue),
        ReportWork(ctx, catalogue),
    ]
