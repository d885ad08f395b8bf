"""Handlers of reports. Making them is the work of `colonnade_analytics.reports`."""

import json
from collections.abc import AsyncIterator
from uuid import UUID

import pydantic
import pydantic_core
from sqlalchemy import delete, func, select

from colonnade.errors import FieldError, NotFound, ValidationFailed
from colonnade.http import field_errors
from colonnade.idempotency import once_if_keyed
from colonnade.lookups import changeable, permitted
from colonnade.messages import Empty
from colonnade.operations import Call, Download, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_analytics.api import (
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
    ReportNotReady,
    ReportParameters,
    ReportStepDue,
    TooManyReports,
)
from colonnade_analytics.client_events.known_courses import require_course
from colonnade_analytics.models import CourseRow, ReportContentRow, ReportRow
from colonnade_analytics.presentation import present_report
from colonnade_analytics.reports.kind_registry import ReportKindRegistry
from colonnade_analytics.reports.response_headers import headers_of
from colonnade_analytics.reports.status import UNFINISHED, ReportStatus
from colonnade_analytics.resources import REPORT, REPORT_COURSE

MAXIMUM_UNFINISHED = 20
"""Unfinished reports that one academy may have."""

_NEWEST_FIRST = [SortKey(ReportRow.created_at, descending=True), SortKey(ReportRow.id)]


class ReportHandlers:
    """Operations on reports."""

    def __init__(self, ctx: ServiceContext, kinds: ReportKindRegistry) -> None:
        self._ctx = ctx
        self._kinds = kinds

    @handles(ListReportKinds)
    async def list_report_kinds(self, request: ListReportKinds, call: Call) -> ReportKinds:
        """List the kinds of reports, in the academy's language."""
        locale = self._ctx.tenant().locale
        return ReportKinds(
            items=[
                ReportKindInfo(
                    name=name,
                    title=kind.title(locale),
                    parameters=kind.parameters.model_json_schema(),
                )
                for name, kind in sorted(self._kinds.kinds.items())
            ]
        )

    @handles(CreateReport)
    async def create_report(self, request: CreateReport, call: Call) -> Report:
        """Add a report to be made, and announce its first step."""
        kind = self._kinds.kind(request.kind)
        parameters = _valid_parameters(kind.parameters, request)
        tenant = self._ctx.tenant()
        report_id = self._ctx.new_id()
        course_id = getattr(parameters, "course_id", None)
        if course_id is not None and call.decision.unconditional:
            # Others are held to the courses that they teach, below.
            await require_course(self._ctx, course_id)

        def work(session: Session) -> Report:
            scope = _scope(session, call)
            _check_course(scope, parameters)
            _check_unfinished(session)
            row = ReportRow(
                id=report_id,
                kind=request.kind,
                parameters=parameters.model_dump_json(exclude_none=True),
                scope=None if scope is None else json.dumps(sorted(map(str, scope))),
                requested_by=call.principal_id,
                locale=tenant.locale,
                timezone=tenant.timezone,
                status=ReportStatus.WAITING,
                progress=0,
                failure=None,
                step=0,
                begun=0,
                state=None,
                title=kind.title(tenant.locale),
                alternative_text="",
            )
            session.add(row)
            session.publish(ReportStepDue(report_id=report_id, step=0))
            session.flush()
            return present_report(row)

        return await self._ctx.store.run(once_if_keyed(call, request, work))

    @handles(ListReports)
    async def list_reports(self, request: ListReports, call: Call) -> Page[Report]:
        """List the reports that the caller may read, the newest first."""
        query = select(ReportRow).where(call.visible(REPORT))
        return await self._ctx.store.read(
            lambda session: paginate(session, query, _NEWEST_FIRST, request, present_report)
        )

    @handles(GetReport)
    async def get_report(self, request: GetReport, call: Call) -> Report:
        """Read how far a report is."""
        return await self._ctx.store.read(
            lambda session: present_report(
                permitted(session, call, REPORT, ReportRow, request.report_id)
            )
        )

    @handles(DownloadReport)
    async def download_report(self, request: DownloadReport, call: Call) -> Download:
        """Download a finished report in one format."""

        def work(session: Session) -> tuple[ReportRow, bytes]:
            row = permitted(session, call, REPORT, ReportRow, request.report_id)
            content = session.get(ReportContentRow, (row.id, request.format))
            if content is None:
                raise ReportNotReady(
                    f"The report is {row.status}, at {row.progress} per cent.",
                    details={"status": row.status, "progress": row.progress},
                )
            return row, content.body

        row, body = await self._ctx.store.read(work)
        head = ReportHead(headers=headers_of(row.kind, row.created_at, request.format, len(body)))
        return Download(head, _single_chunk(body))

    @handles(DeleteReport)
    async def delete_report(self, request: DeleteReport, call: Call) -> Empty:
        """Delete a report and its content; a step that is under way finds no row to write to."""

        def work(session: Session) -> Empty:
            row = changeable(session, call, REPORT, ReportRow, request.report_id)
            session.execute(delete(ReportContentRow).where(ReportContentRow.report_id == row.id))
            session.delete(row)
            return Empty()

        return await self._ctx.store.run(work)


def _valid_parameters(model: type[ReportParameters], request: CreateReport) -> ReportParameters:
    try:
        parameters = model.model_validate_json(
            pydantic_core.to_json(request.parameters), strict=True
        )
    except pydantic.ValidationError as error:
        fields = [
            FieldError(f"/parameters{item.pointer}", item.message, item.code)
            for item in field_errors(error, request.parameters)
        ]
        raise ValidationFailed(fields=fields) from None
    first, last = parameters.from_date, parameters.to_date
    if first is not None and last is not None and last < first:
        problem = FieldError("/parameters/to_date", "is before from_date", "out_of_order")
        raise ValidationFailed(fields=[problem])
    return parameters


def _scope(session: Session, call: Call) -> frozenset[UUID] | None:
    """The courses that the caller may read reports about; None for all, also later ones."""
    if call.decision.unconditional:
        return None
    query = select(CourseRow.course_id).where(call.visible(REPORT_COURSE))
    return frozenset(session.scalars(query))


def _check_course(scope: frozenset[UUID] | None, parameters: ReportParameters) -> None:
    course_id = getattr(parameters, "course_id", None)
    if scope is not None and course_id is not None and course_id not in scope:
        raise NotFound("There is no such course, or none that you teach.")


def _check_unfinished(session: Session) -> None:
    query = select(func.count()).select_from(ReportRow).where(ReportRow.status.in_(UNFINISHED))
    if session.scalars(query).one() >= MAXIMUM_UNFINISHED:
        raise TooManyReports(
            f"{MAXIMUM_UNFINISHED} reports are being made; wait for one, or remove one."
        )


async def _single_chunk(body: bytes) -> AsyncIterator[bytes]:
    yield body
