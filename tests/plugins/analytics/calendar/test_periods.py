"""A period begins and ends where the academy's clocks say, also on the days they change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colonnade.errors import ValidationFailed
from colonnade_analytics.calendar.instants import instant_of, microseconds_of, quarter_of
from colonnade_analytics.calendar.periods import default_days, periods, start_of

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Africa/Cairo",
    "Atlantic/Azores",
    "America/Havana",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Africa/Casablanca",
    "UTC",
)


@pytest.mark.parametrize("interval", ["day", "week", "month"])
@settings(max_examples=150, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    moment=st.datetimes(datetime(2008, 1, 1), datetime(2035, 12, 31)),  # noqa: DTZ001
)
def test_every_instant_lies_in_the_period_of_its_local_date(
    interval: str, zone: str, moment: datetime
) -> None:
    instant = moment.replace(tzinfo=UTC)
    local = instant.astimezone(ZoneInfo(zone)).date()
    around = periods(
        ZoneInfo(zone), interval, local - timedelta(days=40), local + timedelta(days=40)
    )  # type: ignore[arg-type]
    quarter = quarter_of(microseconds_of(instant))
    [mine] = [item for item in around if item.first_quarter <= quarter < item.end_quarter]
    assert mine.first_day <= local <= mine.last_day
    assert mine.start <= instant < mine.end


def test_offsets_of_every_zone_are_quarter_hours() -> None:
    """What rollups by quarter-hour rest on."""
    odd = []
    for name in available_timezones():
        zone = ZoneInfo(name)
        for year in range(2000, 2038, 3):
            for month in (1, 7):
                offset = datetime(year, month, 15, tzinfo=zone).utcoffset()
                assert offset is not None
                if offset.total_seconds() % 900:
                    odd.append(name)
    assert odd == []


def test_a_day_has_as_many_hours_as_the_clocks_give_it() -> None:
    found = periods(ZoneInfo("Europe/Berlin"), "day", date(2026, 3, 28), date(2026, 3, 30))
    assert [(item.end - item.start) / timedelta(hours=1) for item in found] == [24, 23, 24]
    found = periods(ZoneInfo("Europe/Berlin"), "day", date(2026, 10, 25), date(2026, 10, 25))
    assert [(item.end - item.start) / timedelta(hours=1) for item in found] == [25]


def test_a_day_that_a_zone_skipped_is_empty() -> None:
    found = periods(ZoneInfo("Pacific/Apia"), "day", date(2011, 12, 29), date(2011, 12, 31))
    assert [item.end_quarter - item.first_quarter for item in found] == [96, 0, 96]


def test_a_midnight_that_the_clocks_skip_is_the_instant_they_do() -> None:
    start = start_of(date(2026, 4, 24), ZoneInfo("Africa/Cairo"))
    assert start.astimezone(ZoneInfo("Africa/Cairo")).date() == date(2026, 4, 24)
    assert (start - timedelta(microseconds=1)).astimezone(ZoneInfo("Africa/Cairo")).date() == date(
        2026, 4, 23
    )


def test_weeks_are_iso_weeks_across_the_year() -> None:
    found = periods(ZoneInfo("UTC"), "week", date(2026, 12, 30), date(2027, 1, 4))
    assert [item.label for item in found] == ["2026-W53", "2027-W01"]
    assert found[0].first_day == date(2026, 12, 28)


def test_a_period_of_which_one_day_is_asked_is_whole() -> None:
    [month] = periods(ZoneInfo("UTC"), "month", date(2026, 2, 14), date(2026, 2, 14))
    assert (month.label, month.first_day, month.last_day) == (
        "2026-02",
        date(2026, 2, 1),
        date(2026, 2, 28),
    )


def test_too_many_periods_and_days_out_of_order_are_refused() -> None:
    with pytest.raises(ValidationFailed):
        periods(ZoneInfo("UTC"), "day", date(2000, 1, 1), date(2026, 1, 1))
    with pytest.raises(ValidationFailed):
        periods(ZoneInfo("UTC"), "day", date(2026, 1, 2), date(2026, 1, 1))


def test_without_days_it_is_the_last_thirty_of_the_academy() -> None:
    now = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    first, last = default_days(ZoneInfo("Europe/Berlin"), "day", now)
    assert (first, last) == (date(2026, 2, 1), date(2026, 3, 2))
    first, _ = default_days(ZoneInfo("UTC"), "month", now)
    assert first == date(2025, 4, 1)


@given(st.integers(-(10**15), 4 * 10**15))
def test_microseconds_come_back(number: int) -> None:
    assert microseconds_of(instant_of(number)) == number
