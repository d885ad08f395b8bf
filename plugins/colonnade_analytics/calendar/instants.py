"""Instants as whole numbers since the Unix epoch: microseconds, quarter-hours, half days.

Every zone's offset has been a multiple of a quarter-hour since 1972, so a local day always
begins where a quarter-hour of UTC does.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

MICROSECONDS: Final = 1_000_000
QUARTER_MICROSECONDS: Final = 900 * MICROSECONDS
DAY_MICROSECONDS: Final = 86_400 * MICROSECONDS
QUARTERS_OF_HALF_DAY: Final = 48
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds_of(moment: datetime) -> int:
    """Whole microseconds from the epoch to `moment`."""
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * MICROSECONDS + passed.microseconds


def instant_of(microseconds: int) -> datetime:
    """The instant so many microseconds after the epoch, in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def quarter_of(microseconds: int) -> int:
    """The quarter-hour that an instant lies in."""
    return microseconds // QUARTER_MICROSECONDS


def day_of(microseconds: int) -> int:
    """The UTC day that an instant lies in, counted from 1970."""
    return microseconds // DAY_MICROSECONDS


def half_day_of(quarter: int) -> tuple[int, int]:
    """The half day that a quarter-hour lies in, and the bit that stands for it there."""
    half_day, place = divmod(quarter, QUARTERS_OF_HALF_DAY)
    return half_day, 1 << place
