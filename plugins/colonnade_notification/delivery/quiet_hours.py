"""Quiet hours and due times of digests: arithmetic on people's clocks.

A clock jumps twice a year. Quiet is what the clock on the wall says, so a quiet period ends when
the clock reaches its end or jumps out of it, and a time that a jump leaves out comes with the jump.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_HOUR = timedelta(hours=1)
_LOOKED_AHEAD = 27
"""Hours: longer than any quiet period lasts, also on a day of 25."""


def is_quiet(moment: datetime, zone: ZoneInfo, start: int, end: int) -> bool:
    """True when the clock in `zone` is within the quiet hours, given in minutes after midnight.

    Equal ones mean that there are none.
    """
    there = moment.astimezone(zone)
    minute = there.hour * 60 + there.minute
    if start <= end:
        return start <= minute < end
    return minute >= start or minute < end


def quiet_until(moment: datetime, zone: ZoneInfo, start: int, end: int) -> datetime | None:
    """The first instant from `moment` on that is not quiet; nothing when `moment` is not."""
    if not is_quiet(moment, zone, start, end):
        return None
    moment = moment.astimezone(UTC)
    later = sorted(instant for instant in _candidates(moment, zone, end) if instant > moment)
    return next(instant for instant in later if not is_quiet(instant, zone, start, end))


def next_digest(moment: datetime, zone: ZoneInfo, hour: int, weekday: int | None) -> datetime:
    """The first instant after `moment` at which a digest is due: at `hour` on the clock in
    `zone`, every day, or on one day of the week (0 is Monday)."""
    moment = moment.astimezone(UTC)
    today = moment.astimezone(zone).date()
    for days in range(9):
        day = today + timedelta(days=days)
        if weekday is not None and day.weekday() != weekday:
            continue
        due = first_instant(day, time(hour), zone)
        if due > moment:
            return due
    raise AssertionError("a week has every weekday")


def first_instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The first instant of `day` at which the clock shows `clock` or, where it jumps over that,
    the instant of the jump."""
    wall = datetime.combine(day, clock)
    early, late = _instants(wall, zone)
    if early < late:
        return early
    # Left out: `late` is the time by the clock before the jump, `early` by the one after it.
    return _jump_between(late - timedelta(hours=3), early + timedelta(hours=3), zone) or early


def _instants(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first == second:
        return first, first + timedelta.resolution
    return first, second


def _candidates(moment: datetime, zone: ZoneInfo, end: int) -> Iterator[datetime]:
    clock = time(end // 60, end % 60)
    today = moment.astimezone(zone).date()
    for days in (-1, 0, 1, 2):
        yield from _instants(datetime.combine(today + timedelta(days=days), clock), zone)
    for hours in range(_LOOKED_AHEAD):
        begin = moment + hours * _HOUR
        jump = _jump_between(begin, begin + _HOUR, zone)
        if jump is not None:
            yield jump


def _jump_between(begin: datetime, end: datetime, zone: ZoneInfo) -> datetime | None:
    """The instant after `begin` and up to `end` at which the clock jumps, to the second."""
    before = begin.astimezone(zone).utcoffset()
    if before == end.astimezone(zone).utcoffset():
        return None
    low, high = int(begin.timestamp()), int(end.timestamp()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)
