"""Reports: asked for, made in the background, read in four formats."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, JsonValue

from colonnade.messages import Empty, Message, Request
from colonnade.operations import Stream, operation
from colonnade.pagination import ListRequest, Page
from colonnade_analytics.api.errors import ReportNotReady, TooManyReports
from colonnade_analytics.api.types import KindName, ReportFormat, ReportStatus


class ReportKindInfo(Message):
    """A kind of report that may be asked for; `parameters` is the JSON Schema of what it takes."""

    name: str
    title: str
    parameters: dict[str, Any]


class ReportKinds(Message):
    """The kinds of reports."""

    items: list[ReportKindInfo]


class Report(Message):
    """A report: `progress` is in per cent. When it is `ready`, `content` says where to read it;
    when it has `failed`, `failure` says why."""

    id: UUID
    kind: str
    parameters: dict[str, JsonValue]
    status: ReportStatus
    progress: int
    title: str
    alternative_text: str
    failure: str | None
    content: dict[ReportFormat, str]
    created_at: datetime
    updated_at: datetime
    version: int


class ReportHead(Message):
    """Headers of the HTTP response with a report's content."""

    headers: dict[str, str]


@operation("analytics", action="report_kind.read", idempotent=True)
class ListReportKinds(Request[ReportKinds]):
    """List the kinds of reports, with what each takes."""


@operation("analytics", action="report.create", errors=[TooManyReports], per_day=200)
class CreateReport(Request[Report]):
    """Ask for a report. It is made in the background; read it again until it is ready.

    Instructors get one about the courses they teach.
    """

    kind: KindName
    parameters: Annotated[dict[str, JsonValue], Field(max_length=20)] = Field(default_factory=dict)


@operation("analytics", action="report.read", idempotent=True)
class ListReports(ListRequest[Page[Report]]):
    """List the reports that the caller may read, the newest first."""


@operation("analytics", action="report.read", idempotent=True)
class GetReport(Request[Report]):
    """Read how far a report is."""

    report_id: UUID


@operation(
    "analytics",
    action="report.read",
    stream=Stream.DOWNLOAD,
    deadline=60.0,
    errors=[ReportNotReady],
)
class DownloadReport(Request[ReportHead]):
    """Read a finished report: data as JSON or CSV, its chart as SVG or PNG."""

    report_id: UUID
    format: ReportFormat = "json"


@operation("analytics", action="report.delete", per_day=1000)
class DeleteReport(Request[Empty]):
    """Remove a report; one that is being made stops."""

    report_id: UUID
