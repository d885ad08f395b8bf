"""Metrics by day, week or month of the academy."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from colonnade.messages import Message, Request
from colonnade.money import Currency
from colonnade.operations import operation
from colonnade_analytics.api.types import Day, Interval


class Amount(Message):
    """A sum in minor units of one currency."""

    amount: int
    currency: Currency


class MetricValues(Message):
    """Values of metrics. `active_learners` is null where the number would name people."""

    active_learners: int | None
    enrolments: int
    completions: int
    lessons_completed: int
    revenue: list[Amount]
    refunds: list[Amount]


class PeriodMetrics(MetricValues):
    """Values of one period: the local days from `first_day` to `last_day`, which are
    the instants from `start` to just before `end`."""

    period: str
    first_day: date
    last_day: date
    start: datetime
    end: datetime


class Metrics(Message):
    """Metrics by period. `smallest_group` is how many people a number must be about to be shown;
    `total` is of all periods, and its `active_learners` counts everybody once."""

    interval: Interval
    timezone: str
    course_id: UUID | None
    smallest_group: int
    items: list[PeriodMetrics]
    total: MetricValues


@operation("analytics", action="metric.read", idempotent=True)
class GetMetrics(Request[Metrics]):
    """Count active learners, enrolments, completions, revenue and refunds by period.

    Days are those of the academy's time zone; weeks are ISO weeks. A period of which one day is
    asked for is counted as a whole. Instructors get what belongs to the courses they teach.
    """

    interval: Interval = "day"
    from_date: Day | None = Field(None, description="The first day; 30 days, 12 weeks or months.")
    to_date: Day | None = Field(None, description="The last day, included; today by default.")
    course_id: UUID | None = Field(None, description="Of one course only.")
