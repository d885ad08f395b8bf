"""Headers of the HTTP response with a report's content."""

from collections.abc import Mapping
from datetime import datetime

from colonnade_analytics.api import ReportFormat

_MEDIA_TYPES: Mapping[ReportFormat, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "svg": "image/svg+xml",
    "png": "image/png",
}


def headers_of(
    kind: str, made_at: datetime, report_format: ReportFormat, size: int
) -> dict[str, str]:
    """Headers that name the file and keep its content from running anything."""
    name = f"{kind}-{made_at:%Y-%m-%d}.{report_format}"
    how = "inline" if report_format in ("json", "svg", "png") else "attachment"
    return {
        "Content-Type": _MEDIA_TYPES[report_format],
        "Content-Length": str(size),
        "Content-Disposition": f'{how}; filename="{name}"',
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
