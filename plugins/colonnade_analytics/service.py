"""Assembly of the analytics service: its handlers, reactions and retention."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from colonnade_analytics.config import AnalyticsContext
from colonnade_analytics.handlers.client_events import ClientEventHandlers
from colonnade_analytics.handlers.metrics import MetricHandlers
from colonnade_analytics.handlers.reports import ReportHandlers
from colonnade_analytics.reactions import EventReactions
from colonnade_analytics.reports.kind_registry import ReportKindRegistry
from colonnade_analytics.reports.retention import AnalyticsRetention
from colonnade_analytics.reports.steps import ReportSteps


@asynccontextmanager
async def analytics_service(ctx: AnalyticsContext) -> AsyncIterator[Sequence[object]]:
    """Create the objects that handle operations and events; nothing needs tearing down."""
    kinds = ReportKindRegistry(ctx)
    yield [
        EventReactions(),
        ClientEventHandlers(ctx),
        MetricHandlers(ctx),
        ReportHandlers(ctx, kinds),
        ReportSteps(ctx, kinds),
        AnalyticsRetention(ctx),
    ]
