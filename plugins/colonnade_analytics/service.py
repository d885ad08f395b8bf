"""The analytics service: what its handlers and reactions are made of."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from colonnade.services import ServiceContext
from colonnade_analytics.consumption import Consumption
from colonnade_analytics.metrics import MetricCounts


@asynccontextmanager
async def analytics_service(ctx: ServiceContext) -> AsyncIterator[Sequence[object]]:
    """The objects that handle operations and events; nothing needs tearing down."""
    yield [Consumption(), MetricCounts(ctx)]
