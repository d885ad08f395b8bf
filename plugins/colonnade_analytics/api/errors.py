"""What can go wrong, with stable codes."""

from colonnade.errors import Conflict, TooManyRequests


class ReportNotReady(Conflict):
    """The report has no content yet, or never will; `details.status` says which."""

    code = "analytics.report_not_ready"
    title = "The report is not ready"


class TooManyReports(TooManyRequests):
    """As many reports as may be made at a time are being made."""

    code = "analytics.too_many_reports"
    title = "Too many reports at once"
