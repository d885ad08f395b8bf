"""Statuses of a report, from the request for it to its end."""

from enum import StrEnum


class ReportStatus(StrEnum):
    """The values of `reports.status`, which clients read as `Report.status`."""

    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


UNFINISHED = (ReportStatus.WAITING, ReportStatus.RUNNING)
"""Statuses of a report that still has a step to be taken."""
