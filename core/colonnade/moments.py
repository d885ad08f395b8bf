"""Times that a platform can reckon with: a year away from either end of the calendar.

`9999-12-31T23:59:59-23:59` is a valid time (RFC 3339 §5.6) that is in no calendar once it is
brought to UTC. Whatever comes in is kept so far from the ends that neither a zone nor a duration
that is added leads beyond them.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from pydantic import BaseModel

EARLIEST = datetime(2, 1, 1, tzinfo=UTC)
LATEST = datetime(9998, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)

Place = tuple[str | int, ...]


def utc(moment: datetime) -> datetime:
    """The moment in UTC; one without a zone is taken as UTC.

    Raises:
        ValueError: it is before year 2 or after year 9998.
    """
    if not _is_within(moment):
        raise ValueError(f"{moment.isoformat()} is out of range: from year 2 to year 9998")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def times_out_of_range(value: object, at: Place = ()) -> Iterator[Place]:
    """Find the times and days of a message, a mapping or a list that are out of these bounds."""
    if isinstance(value, datetime):
        if not _is_within(value):
            yield at
    elif isinstance(value, date):
        if not EARLIEST.date() <= value <= LATEST.date():
            yield at
    elif isinstance(value, BaseModel):
        yield from times_out_of_range(value.__dict__, at)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from times_out_of_range(each, (*at, str(name)))
    elif isinstance(value, list | tuple | set | frozenset):
        for index, each in enumerate(value):
            yield from times_out_of_range(each, (*at, index))


def _is_within(moment: datetime) -> bool:
    """Compared before it is brought to UTC: that is what may lead out of the calendar."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return EARLIEST <= aware <= LATEST
