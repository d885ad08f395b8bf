"""The HTTP routes of the analytics service."""

from litestar import Controller

from colonnade.http import get
from colonnade_analytics.api import GetMetrics


class MetricController(Controller):
    """Metrics."""

    path = "/metrics"
    tags = ["analytics"]  # noqa: RUF012
    read = get("/", GetMetrics)


CONTROLLERS = [MetricController]
