"""The kinds of values that the contract is made of, with their bounds."""

from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints

Interval = Literal["day", "week", "month"]
ReportStatus = Literal["waiting", "running", "ready", "failed"]
ReportFormat = Literal["json", "csv", "svg", "png"]

EventName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*$"),
]
"""What happened, such as `video.paused`."""

PropertyName = Annotated[
    str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")
]
PropertyText = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]
PropertyNumber = Annotated[int, Field(ge=-(2**53), le=2**53)]
PropertyValue: TypeAlias = PropertyText | bool | PropertyNumber | float | None

KindName = Annotated[
    str, StringConstraints(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_]*$")
]

Day = Annotated[
    date,
    Field(
        ge=date(2000, 1, 1),
        le=date(2099, 12, 31),
        # JSON Schema has no bounds for days.
        json_schema_extra={"pattern": r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"},
    ),
]
"""A day in the academy's time zone."""

MAXIMUM_PERIODS = 400
"""Periods that one answer may have."""

MAXIMUM_BATCH = 10_000
"""Client events that one request may bring."""

MAXIMUM_PROPERTIES = 32
"""Properties that a client event may have."""
