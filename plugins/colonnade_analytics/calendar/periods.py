"""Periods of an academy: local days, ISO weeks and months, each up to the first instant of the
next.

A day begins at the first instant that bears its date. It has 23 or 25 hours where the clocks
change, and none at all where a zone skipped it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from colonnade.errors import FieldError, ValidationFailed
from colonnade_analytics.api import MAXIMUM_PERIODS, Interval
from colonnade_analytics.calendar.instants import microseconds_of, quarter_of

_DEFAULT_PERIODS: dict[Interval, int] = {"day": 30, "week": 12, "month": 12}
_LONGEST_DAYS: dict[Interval, int] = {"day": 1, "week": 7, "month": 31}


@dataclass(frozen=True, slots=True)
class Period:
    """Some local days. `start` and `end` are instants in UTC, the end not included.

    `label` is `2026-03-29`, `2026-W13` (ISO 8601) or `2026-03`.
    """

    label: str
    first_day: date
    last_day: date
    start: datetime
    end: datetime

    @property
    def first_quarter(self) -> int:
        """The first quarter-hour of it."""
        return quarter_of(microseconds_of(self.start))

    @property
    def end_quarter(self) -> int:
        """The first quarter-hour after it."""
        return quarter_of(microseconds_of(self.end))


def periods(zone: ZoneInfo, interval: Interval, first: date, last: date) -> list[Period]:
    """The whole periods that hold the days from `first` to `last`, in order.

    Raises:
        ValidationFailed: `last` is before `first`, or there are more than `MAXIMUM_PERIODS`.
    """
    if last < first:
        raise ValidationFailed(
            fields=[FieldError("?to_date", "is before from_date", "out_of_order")]
        )
    if (last - first).days > MAXIMUM_PERIODS * _LONGEST_DAYS[interval]:
        raise _too_many(interval)
    found = list(_periods(zone, interval, first, last))
    if len(found) > MAXIMUM_PERIODS:
        raise _too_many(interval)
    return found


def default_days(zone: ZoneInfo, interval: Interval, now: datetime) -> tuple[date, date]:
    """The days that are meant by default: up to today, 30 days, 12 weeks or 12 months back."""
    today = now.astimezone(zone).date()
    return first_day(interval, today, _DEFAULT_PERIODS[interval]), today


def first_day(interval: Interval, last: date, number: int) -> date:
    """The day on which the first of `number` periods begins, the last of which holds `last`."""
    if interval == "day":
        return last - timedelta(days=number - 1)
    if interval == "week":
        return _week_start(last) - timedelta(weeks=number - 1)
    months = last.year * 12 + last.month - 1 - (number - 1)
    return date(months // 12, months % 12 + 1, 1)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, in UTC.

    Where the clocks skip midnight, `fold=0` reads it with the offset before the change, which
    is the instant of the change itself (PEP 495).
    """
    return datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC)


def _periods(zone: ZoneInfo, interval: Interval, first: date, last: date) -> Iterator[Period]:
    start = _start_day(interval, first)
    while start <= last:
        following = _next_start(interval, start)
        yield Period(
            _label(interval, start),
            start,
            following - timedelta(days=1),
            start_of(start, zone),
            start_of(following, zone),
        )
        start = following


def _start_day(interval: Interval, day: date) -> date:
    if interval == "week":
        return _week_start(day)
    return day.replace(day=1) if interval == "month" else day


def _next_start(interval: Interval, start: date) -> date:
    if interval == "month":
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=7 if interval == "week" else 1)


def _week_start(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _label(interval: Interval, start: date) -> str:
    if interval == "day":
        return start.isoformat()
    if interval == "month":
        return f"{start:%Y-%m}"
    year, week, _ = start.isocalendar()
    return f"{year}-W{week:02d}"


def _too_many(interval: Interval) -> ValidationFailed:
    message = f"asks for more than {MAXIMUM_PERIODS} {interval}s; ask for fewer at a time"
    return ValidationFailed(fields=[FieldError("?from_date", message, "too_many")])
