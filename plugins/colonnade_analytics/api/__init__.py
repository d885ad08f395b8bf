"""The contract of the analytics service: its operations, events and errors.

It listens to every event of the other services and takes events of clients; it answers with
metrics and reports.
"""

from colonnade_analytics.api.metrics import Amount, GetMetrics, Metrics, MetricValues, PeriodMetrics
from colonnade_analytics.api.types import (
    MAXIMUM_BATCH,
    MAXIMUM_PERIODS,
    MAXIMUM_PROPERTIES,
    Day,
    EventName,
    Interval,
    KindName,
    PropertyName,
    PropertyNumber,
    PropertyText,
    PropertyValue,
    ReportFormat,
    ReportStatus,
)

OPERATIONS = (GetMetrics,)
"""Everything the service may be asked."""

EVENTS = ()
"""Everything the service publishes."""

__all__ = [
    "EVENTS",
    "MAXIMUM_BATCH",
    "MAXIMUM_PERIODS",
    "MAXIMUM_PROPERTIES",
    "OPERATIONS",
    "Amount",
    "Day",
    "EventName",
    "GetMetrics",
    "Interval",
    "KindName",
    "MetricValues",
    "Metrics",
    "PeriodMetrics",
    "PropertyName",
    "PropertyNumber",
    "PropertyText",
    "PropertyValue",
    "ReportFormat",
    "ReportStatus",
]
