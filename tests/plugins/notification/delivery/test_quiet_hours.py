"""Quiet hours and digests on clocks that jump."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from colonnade_notification.delivery.quiet_hours import (
    first_instant,
    is_quiet,
    next_digest,
    quiet_until,
)

ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/St_Johns",
        "Australia/Lord_Howe",  # jumps half an hour
        "Asia/Kathmandu",
        "Pacific/Apia",
        "Africa/Casablanca",
        "America/Havana",  # jumps at midnight
    )
]
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)

zones = st.sampled_from(ZONES)
clocks = st.integers(0, 24 * 60 - 1)
moments = st.integers(0, 4 * 366 * 1440).map(
    lambda minutes: datetime(2023, 1, 1, tzinfo=UTC) + minutes * MINUTE
)
"""Anywhere in four years."""

jumps = st.sampled_from(
    [
        datetime(2026, 3, 29, 1, tzinfo=UTC),  # Berlin forward
        datetime(2026, 10, 25, 1, tzinfo=UTC),  # Berlin back
        datetime(2026, 3, 8, 7, tzinfo=UTC),  # New York forward
        datetime(2026, 11, 1, 6, tzinfo=UTC),  # New York back
        datetime(2026, 4, 4, 15, tzinfo=UTC),  # Lord Howe back
        datetime(2026, 10, 3, 15, 30, tzinfo=UTC),  # Lord Howe forward
        datetime(2026, 3, 8, 5, tzinfo=UTC),  # Havana forward
        datetime(2026, 11, 1, 5, tzinfo=UTC),  # Havana back
    ]
)
near_jumps = st.builds(
    lambda jump, minutes: jump + minutes * MINUTE, jumps, st.integers(-1500, 300)
)


@given(st.one_of(moments, near_jumps), zones, clocks, clocks)
def test_a_message_waits_for_the_first_minute_that_is_not_quiet(
    moment: datetime, zone: ZoneInfo, start: int, end: int
) -> None:
    until = quiet_until(moment, zone, start, end)
    if until is None:
        assert not is_quiet(moment, zone, start, end)
        return
    assert moment < until <= moment + timedelta(hours=26)
    assert not is_quiet(until, zone, start, end)
    step = moment
    while step < until:
        assert is_quiet(step, zone, start, end), step
        step += MINUTE


@given(
    st.one_of(moments, near_jumps), zones, st.integers(0, 23), st.sampled_from([None, *range(7)])
)
def test_a_digest_is_due_at_its_hour_or_when_the_clock_jumps_over_it(
    moment: datetime, zone: ZoneInfo, hour: int, weekday: int | None
) -> None:
    due = next_digest(moment, zone, hour, weekday)
    assert moment < due <= moment + timedelta(days=1 if weekday is None else 7, hours=26)
    there = due.astimezone(zone)
    jumped = (due - MINUTE).astimezone(zone).utcoffset() != there.utcoffset()
    assert there.time() == time(hour) or jumped
    assert weekday is None or there.weekday() == weekday


@given(st.one_of(moments, near_jumps), zones, st.integers(0, 23))
def test_digests_come_once_a_day(moment: datetime, zone: ZoneInfo, hour: int) -> None:
    first = next_digest(moment, zone, hour, None)
    second = next_digest(first, zone, hour, None)
    days = (second.astimezone(zone).date() - first.astimezone(zone).date()).days
    skipped = zone.key == "Pacific/Apia"
    assert days == 1 or (skipped and days == 2)


def test_over_midnight() -> None:
    night = (22 * 60, 7 * 60)
    assert quiet_until(datetime(2026, 6, 1, 21, tzinfo=UTC), BERLIN, *night) == datetime(
        2026, 6, 2, 5, tzinfo=UTC
    )
    assert quiet_until(datetime(2026, 6, 1, 12, tzinfo=UTC), BERLIN, *night) is None


def test_the_night_in_which_an_hour_is_missing_ends_an_hour_sooner() -> None:
    begin = datetime(2026, 3, 28, 22, tzinfo=UTC)  # 23:00 in Berlin
    assert quiet_until(begin, BERLIN, 22 * 60, 7 * 60) == datetime(2026, 3, 29, 5, tzinfo=UTC)


def test_an_end_that_the_clock_jumps_over_comes_with_the_jump() -> None:
    begin = datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert quiet_until(begin, BERLIN, 0, 2 * 60 + 30) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_equal_times_mean_no_quiet_hours() -> None:
    assert quiet_until(datetime(2026, 6, 1, tzinfo=UTC), BERLIN, 600, 600) is None


def test_a_digest_at_an_hour_that_is_left_out_comes_with_the_jump() -> None:
    due = first_instant(date(2026, 3, 29), time(2), BERLIN)
    assert due == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_a_digest_at_an_hour_that_comes_twice_comes_the_first_time() -> None:
    due = first_instant(date(2026, 10, 25), time(2), BERLIN)
    assert due == datetime(2026, 10, 25, 0, tzinfo=UTC)
