"""Names of time zones: those that browsers report, and no others."""

import pytest
from pydantic import TypeAdapter, ValidationError

from colonnade.timezones import TimezoneName, timezone_names

ZONE: TypeAdapter[str] = TypeAdapter(TimezoneName)


BROWSERS = """
    Asia/Kolkata Asia/Calcutta Europe/Kyiv Europe/Kiev US/Hawaii UTC Etc/UTC Etc/GMT+5 Asia/Saigon
    America/Argentina/Buenos_Aires America/Buenos_Aires Pacific/Kanton Asia/Ho_Chi_Minh
"""
ELSEWHERE = """
    localtime Factory posixrules posix/Europe/Berlin right/UTC ../Europe/Berlin Europe tzdata.zi
    europe/berlin EUROPE/BERLIN
"""


def test_old_spellings_and_new_ones_are_taken() -> None:
    for name in BROWSERS.split():
        assert ZONE.validate_python(name) == name


@pytest.mark.parametrize("name", [*ELSEWHERE.split(), "Europe/Berlin\n", " UTC", "", "x" * 65])
def test_what_means_nothing_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        ZONE.validate_python(name)


def test_every_name_is_a_zone_that_can_be_opened() -> None:
    from zoneinfo import ZoneInfo

    for name in timezone_names():
        assert ZoneInfo(name).key == name
