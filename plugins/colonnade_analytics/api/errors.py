"""Errors of the service, by stable codes."""

from colonnade.errors import Conflict, TooManyRequests


class ReportNotReady(Conflict):
    """The report has no content yet, or never will; `details.status` says which."""

    code = "analytics.report_not_ready"
    title = "The report is not ready"


class TooManyReports(TooManyRequests):
    """The academy has as many unfinished reports as it may have."""

    code = "analytics.too_many_reports"
    title = "Too many reports at once"
