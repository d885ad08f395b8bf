"""Kinds of reports: the contract of the hook `reports`, for this plugin's and others' alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, TypeAlias, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import pluggy
from pydantic import BaseModel, ConfigDict, Field

from colonnade.hookspecs import PROJECT
from colonnade.messages import Request
from colonnade.services import TenantInfo
from colonnade.store import Session
from colonnade_analytics.api.charts import Chart, ValueForm
from colonnade_analytics.api.metrics import Amount, Metrics
from colonnade_analytics.api.types import Day, Interval

T = TypeVar("T")
ResponseT = TypeVar("ResponseT", bound=Any)

Cell: TypeAlias = str | int | float | Amount | None
"""A value of a table. None is a number that is not shown, or none at all."""


class ReportParameters(BaseModel):
    """Parameters of every report; a kind adds fields of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    from_date: Day | None = Field(None, description="The first day.")
    to_date: Day | None = Field(None, description="The last day, included.")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `key` is its stable name, `label` what people read."""

    key: str
    label: str
    form: ValueForm | None = None


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A finished report: a title, what to notice, a table and a chart.

    `subtitle` says which days and courses it is about. `summary` are sentences, the most important
    first; `notes` say how to read the numbers. All of it is also the chart's alternative text.
    """

    title: str
    subtitle: str
    columns: tuple[Column, ...]
    rows: tuple[Mapping[str, Cell], ...]
    summary: tuple[str, ...]
    chart: Chart
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportStep:
    """A part of the work is done: how much in per cent, and what the next step needs to know.

    `state` is plain JSON data; it is kept, so that the work goes on after a restart.
    """

    progress: int
    state: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EventCount:
    """Count of a client event, and of the people who sent it."""

    course_id: UUID | None
    events: int
    people: int | None


class ReportSource(Protocol):
    """Source of a report: the numbers of one academy, as far as the requester may see them."""

    tenant: TenantInfo
    zone: ZoneInfo
    locale: str
    now: datetime
    smallest_group: int
    scope: frozenset[UUID] | None
    """The courses it may speak of; None means all."""
    requested_by: str

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run `work` on a snapshot of the service's tables."""
        ...

    async def ask(self, request: Request[ResponseT]) -> ResponseT:
        """Ask a service that analytics requires, as the service."""
        ...

    async def metrics(self, interval: Interval, first: date, last: date) -> Metrics:
        """The metrics of the periods that hold these days."""
        ...

    async def client_events(self, name: str, first: date, last: date) -> Sequence[EventCount]:
        """Counts of the client event `name` on these days, by course."""
        ...


class ReportKind(Protocol):
    """A kind of report. One object serves every tenant and keeps nothing between calls."""

    @property
    def name(self) -> str:
        """Name for clients, such as `course_completion`."""
        ...

    @property
    def parameters(self) -> type[ReportParameters]:
        """Model of its parameters."""
        ...

    def title(self, locale: str) -> str:
        """Title for people, in a language (BCP 47)."""
        ...

    async def step(
        self, source: ReportSource, parameters: Any, state: Mapping[str, Any] | None
    ) -> ReportStep | ReportTable:
        """Make the next part of the report within 20 seconds; `state` is None at first, then what
        the last step handed on. A step may be taken again after a crash.

        Raises:
            ColonnadeError: the report cannot be made; the message becomes its `failure`.
        """
        ...


class ReportHooks:
    """The hooks that the analytics service owns."""

    @pluggy.HookspecMarker(PROJECT)
    def reports(self) -> Sequence[ReportKind]:  # type: ignore[empty-body]
        """Kinds of reports that may be asked for; their names are unique."""
