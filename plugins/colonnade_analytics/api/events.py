"""Events of the service."""

from uuid import UUID

from colonnade.events import Event, event


@event("analytics", key="report_id")
class ReportStepDue(Event):
    """A report has a step to be taken; the service reacts to this itself."""

    report_id: UUID
    step: int


class ReportFact(Event):
    """The end of a report; `requested_by` is who asked for it."""

    report_id: UUID
    kind: str
    requested_by: str


@event("analytics", key="report_id")
class ReportReady(ReportFact):
    """A report can be read."""


@event("analytics", key="report_id")
class ReportFailed(ReportFact):
    """A report could not be made."""
