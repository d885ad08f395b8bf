"""HTTP routes of the analytics service."""

from typing import Any

from litestar import Controller
from litestar import get as litestar_get
from litestar.response import Stream

from colonnade.http import AnyRequest, bind, delete, edge_of, get, post, read_request
from colonnade_analytics.api import (
    CreateReport,
    DeleteReport,
    DownloadReport,
    GetMetrics,
    GetReport,
    ListClientEvents,
    ListReportKinds,
    ListReports,
    ReportHead,
    SendClientEvents,
)

MAXIMUM_BATCH_BYTES = 4 * 1024 * 1024
"""A full batch of events, each with a few properties."""

CONTENT = "application/json, text/csv, image/svg+xml, image/png"
"""Media types of a report's formats."""


class ClientEventController(Controller):
    """Routes of client events."""

    path = "/analytics/events"
    tags = ["analytics"]  # noqa: RUF012
    send = post("/", SendClientEvents, status=200, maximum_body=MAXIMUM_BATCH_BYTES)
    list_ = get("/", ListClientEvents)


class MetricController(Controller):
    """Routes of metrics."""

    path = "/metrics"
    tags = ["analytics"]  # noqa: RUF012
    read = get("/", GetMetrics)


class ReportController(Controller):
    """Routes of reports and their content."""

    path = "/reports"
    tags = ["analytics"]  # noqa: RUF012
    create = post("/", CreateReport, status=202, location="/api/v1/reports/{id}", keyed=True)
    list_ = get("/", ListReports)
    kinds = get("/kinds", ListReportKinds)
    read = get("/{report_id:str}", GetReport)
    remove = delete("/{report_id:str}", DeleteReport)

    @litestar_get("/{report_id:str}/content", opt=bind("GET", DownloadReport, answer=CONTENT))
    async def download(self, request: AnyRequest) -> Stream:
        """Send a finished report in one format."""
        message = await read_request(request, DownloadReport, has_body=False)
        answer = await edge_of(request).download(message)
        headers: dict[str, Any] = dict(ReportHead.model_validate(answer.head.model_dump()).headers)
        # The framework adds the character set to text by itself.
        media_type = headers.pop("Content-Type").partition(";")[0]
        return Stream(answer.chunks, headers=headers, media_type=media_type)


CONTROLLERS = [ClientEventController, MetricController, ReportController]
