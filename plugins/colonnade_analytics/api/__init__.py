"""The contract of the analytics service: its operations, events, errors and hook.

It listens to every event of the other services and takes events of clients; it answers with
metrics and reports. Plugins bring kinds of reports by the hook `reports`.
"""

from colonnade_analytics.api.charts import BarChart, Chart, ColumnChart, HeatMap, Series, ValueForm
from colonnade_analytics.api.collection import (
    ClientEvent,
    EventReceipt,
    KeptClientEvent,
    ListClientEvents,
    Properties,
    SendClientEvents,
)
from colonnade_analytics.api.errors import ReportNotReady, TooManyReports
from colonnade_analytics.api.events import ReportFact, ReportFailed, ReportReady, ReportStepDue
from colonnade_analytics.api.kinds import (
    Cell,
    Column,
    EventCount,
    ReportHooks,
    ReportKind,
    ReportParameters,
    ReportSource,
    ReportStep,
    ReportTable,
)
from colonnade_analytics.api.metrics import Amount, GetMetrics, Metrics, MetricValues, PeriodMetrics
from colonnade_analytics.api.reports import (
    CreateReport,
    DeleteReport,
    DownloadReport,
    GetReport,
    ListReportKinds,
    ListReports,
    Report,
    ReportHead,
    ReportKindInfo,
    ReportKinds,
)
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

OPERATIONS = (
    SendClientEvents,
    ListClientEvents,
    GetMetrics,
    ListReportKinds,
    CreateReport,
    ListReports,
    GetReport,
    DownloadReport,
    DeleteReport,
)
"""Everything the service may be asked."""

EVENTS = (ReportStepDue, ReportReady, ReportFailed)
"""Everything the service publishes."""

__all__ = [
    "EVENTS",
    "MAXIMUM_BATCH",
    "MAXIMUM_PERIODS",
    "MAXIMUM_PROPERTIES",
    "OPERATIONS",
    "Amount",
    "BarChart",
    "Cell",
    "Chart",
    "ClientEvent",
    "Column",
    "ColumnChart",
    "CreateReport",
    "Day",
    "DeleteReport",
    "DownloadReport",
    "EventCount",
    "EventName",
    "EventReceipt",
    "GetMetrics",
    "GetReport",
    "HeatMap",
    "Interval",
    "KeptClientEvent",
    "KindName",
    "ListClientEvents",
    "ListReportKinds",
    "ListReports",
    "MetricValues",
    "Metrics",
    "PeriodMetrics",
    "Properties",
    "PropertyName",
    "PropertyNumber",
    "PropertyText",
    "PropertyValue",
    "Report",
    "ReportFact",
    "ReportFailed",
    "ReportFormat",
    "ReportHead",
    "ReportHooks",
    "ReportKind",
    "ReportKindInfo",
    "ReportKinds",
    "ReportNotReady",
    "ReportParameters",
    "ReportReady",
    "ReportSource",
    "ReportStatus",
    "ReportStep",
    "ReportStepDue",
    "ReportTable",
    "SendClientEvents",
    "Series",
    "TooManyReports",
    "ValueForm",
]
