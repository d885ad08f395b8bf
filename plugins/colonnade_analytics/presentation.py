"""Presentation: rows of the analytics service as messages of its contract."""

import json
from typing import get_args

import msgspec

from colonnade_analytics.api import KeptClientEvent, Report, ReportFormat
from colonnade_analytics.calendar.instants import instant_of
from colonnade_analytics.models import ClientEventRow, ReportRow
from colonnade_analytics.reports.status import ReportStatus


def present_client_event(row: ClientEventRow) -> KeptClientEvent:
    """An event that a client sent."""
    return KeptClientEvent(
        id=row.id,
        name=row.name,
        occurred_at=instant_of(row.occurred_us),
        received_at=instant_of(row.received_us),
        course_id=row.course_id,
        lesson_id=row.lesson_id,
        properties=msgspec.json.decode(row.properties),
    )


def present_report(row: ReportRow) -> Report:
    """A report; a ready one has the paths of its content, by format."""
    formats = get_args(ReportFormat) if row.status == ReportStatus.READY else ()
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
