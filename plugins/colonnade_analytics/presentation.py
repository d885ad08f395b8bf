"""Presentation: rows of the analytics service as messages of its contract."""

import json
from typing import get_args

import msgspec

from colonnade.presentation import present
from colonnade_analytics.api import KeptClientEvent, Report, ReportFormat
from colonnade_analytics.calendar.instants import instant_of
from colonnade_analytics.models import ClientEventRow, ReportRow
from colonnade_analytics.reports.status import ReportStatus


def present_client_event(row: ClientEventRow) -> KeptClientEvent:
    """Present an event that a client sent."""
    return present(
        KeptClientEvent,
        row,
        occurred_at=instant_of(row.occurred_us),
        received_at=instant_of(row.received_us),
        properties=msgspec.json.decode(row.properties),
    )


def present_report(row: ReportRow) -> Report:
    """Present a report; a ready one has the paths of its content, by format."""
    formats = get_args(ReportFormat) if row.status == ReportStatus.READY else ()
    path = f"/api/v1/reports/{row.id}/content?format="
    return present(
        Report,
        row,
        parameters=json.loads(row.parameters),
        content={name: path + name for name in formats},
    )
