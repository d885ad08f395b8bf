"""What is asked about reports; making them happens elsewhere."""

import json
from collections.abc import AsyncIterator
from typing import get_args
from uuid import UUID

import pydantic
import pydantic_core
from sqlalchemy import delete, func, select

from colonnade.errors import FieldError, NotFound, ValidationFailed
from colonnade.http import field_errors
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
    ReportFormat,
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
from colonnade_analytics.reports.catalogue import Catalogue
from colonnade_analytics.reports.response_headers import headers_of
from colonnade_analytics.resources import REPORT, REPORT_COURSE

MAXIMUM_UNFINISHED = 20
"""Reports of one academy that are made at a time."""

NEWEST_FIRST = [SortKey(ReportRow.created_at, descending=True), SortKey(ReportRow.id)]
UNFINISHED = ("waiting", "running")


class Reports:
    """Handles what is asked about reports."""

    def __init__(self, ctx: ServiceContext, catalogue: Catalogue) -> None:
        self._ctx = ctx
        self._catalogue = catalogue

    @handles(ListReportKinds)
    async def kinds(self, request: ListReportKinds, call: Call) -> ReportKinds:
        """The kinds, in the academy's language."""
        locale = self._ctx.tenant().locale
        return ReportKinds(
            items=[
                ReportKindInfo(
                    name=name,
                    title=kind.title(locale),
                    parameters=kind.parameters.model_json_schema(),
                )
                for name, kind in sorted(self._catalogue.kinds.items())
            ]
        )

    @handles(CreateReport)
    async def create(self, request: CreateReport, call: Call) -> Report:
        """Note what is wanted, and announce the first step."""
        kind = self._catalogue.kind(request.kind)
        parameters = _validated(kind.parameters, request)
        tenant = self._ctx.tenant()
        report_id = self._ctx.new_id()
        course_id = getattr(parameters, "course_id", None)
        if course_id is not None and call.decision.unconditional:
            # Others are held to the courses that they teach, below.
            await require_course(self._ctx, course_id)

        def work(session: Session) -> Report:
            scope = _scope(session, call)
            _check_course(scope, parameters)
            _check_room(session)
            row = ReportRow(
                id=report_id,
                kind=request.kind,
                parameters=parameters.model_dump_json(exclude_none=True),
                scope=None if scope is None else json.dumps(sorted(map(str, scope))),
                requested_by=call.principal_id,
                locale=tenant.locale,
                timezone=tenant.timezone,
                status="waiting",
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
            return present(row)

        return await self._ctx.store.run(work)

    @handles(ListReports)
    async def list(self, request: ListReports, call: Call) -> Page[Report]:
        """The reports the caller may read."""
        query = select(ReportRow).where(call.visible(REPORT))

        def work(session: Session) -> Page[Report]:
            return paginate(session, query, NEWEST_FIRST, request, present)

        return await self._ctx.store.read(work)

    @handles(GetReport)
    async def read(self, request: GetReport, call: Call) -> Report:
        """One report."""

        def work(session: Session) -> Report:
            return present(_permitted(session, call, request.report_id))

        return await self._ctx.store.read(work)

    @handles(DownloadReport)
    async def download(self, request: DownloadReport, call: Call) -> Download:
        """The bytes of a finished report."""

        def work(session: Session) -> tuple[ReportRow, bytes]:
            row = _permitted(session, call, request.report_id)
            content = session.get(ReportContentRow, (row.id, request.format))
            if content is None:
                raise ReportNotReady(
                    f"The report is {row.status}, at {row.progress} per cent.",
                    details={"status": row.status, "progress": row.progress},
                )
            return row, content.body

        row, body = await self._ctx.store.read(work)
        head = ReportHead(headers=headers_of(row.kind, row.created_at, request.format, len(body)))
        return Download(head, _one(body))

    @handles(DeleteReport)
    async def delete(self, request: DeleteReport, call: Call) -> Empty:
        """Remove a report and its content; a step that is under way finds nothing to write to."""

        def work(session: Session) -> Empty:
            row = _permitted(session, call, request.report_id)
            call.check_version(row.version)
            session.execute(delete(ReportContentRow).where(ReportContentRow.report_id == row.id))
            session.delete(row)
            return Empty()

        return await self._ctx.store.run(work)


def present(row: ReportRow) -> Report:
    """A report as clients see it."""
    formats = get_args(ReportFormat) if row.status == "ready" else ()
    path = f"/api/v1/reports/{row.id}/content?format="
    return Report(
        id=row.id,
        kind=row.kind,
        parameters=json.loads(row.parameters),
        status=row.status,
        progress=row.progress,
        title=row.title,
        alternative_text=row.alternative_text,
        failure=row.failure,
        content={name: path + name for name in formats},
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )


def _validated(model: type[ReportParameters], request: CreateReport) -> ReportParameters:
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
    """The courses that the caller may have reported; None for all there are and will be."""
    if call.decision.unconditional:
        return None
    query = select(CourseRow.course_id).where(call.visible(REPORT_COURSE))
    return frozenset(session.scalars(query))


def _check_course(scope: frozenset[UUID] | None, parameters: ReportParameters) -> None:
    course_id = getattr(parameters, "course_id", None)
    if scope is not None and course_id is not None and course_id not in scope:
        raise NotFound("There is no such course, or none that you teach.")


def _check_room(session: Session) -> None:
    query = select(func.count()).select_from(ReportRow).where(ReportRow.status.in_(UNFINISHED))
    if session.scalars(query).one() >= MAXIMUM_UNFINISHED:
        raise TooManyReports(
            f"{MAXIMUM_UNFINISHED} reports are being made; wait for one, or remove one."
        )


def _permitted(session: Session, call: Call, report_id: UUID) -> ReportRow:
    row = session.get(ReportRow, report_id)
    if row is None:
        raise NotFound("There is no such report, or none that you may see.")
    call.require(session, REPORT, row)
    return row


async def _one(body: bytes) -> AsyncIterator[bytes]:
    yield body
