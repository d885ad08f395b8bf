"""Times that a platform can reckon with: a year away from either end of the calendar.

`9999-12-31T23:59:59-23:59` is a valid time (RFC 3339 §5.6) that is in no calendar once it is
brought to UTC. Whatever comes in is kept so far from the ends that neither a zone nor a duration
that is added leads beyond them.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

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
    else:
        for name, each in _parts_of(value):
            # Most are times of this age, of which a batch has ten thousand.
            if type(each) is not datetime or not _is_within(each):
                yield from times_out_of_range(each, (*at, name))


def _parts_of(value: object) -> Iterable[tuple[str | int, Any]]:
    if isinstance(value, BaseModel):
        return [(name, getattr(value, name, None)) for name in time_fields(type(value))]
    if isinstance(value, dict):
        return ((str(name), each) for name, each in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return enumerate(value)
    return ()


@cache
def time_fields(model: type[BaseModel]) -> tuple[str, ...]:
    """Names of the fields of a message in which a time or a day can stand; most have none."""
    fields = _fields_of(model.__pydantic_core_schema__)
    if fields is None:
        return tuple(model.model_fields)
    return tuple(name for name, schema in fields.items() if _mentions_time(schema))


def _fields_of(schema: Any) -> dict[str, Any] | None:
    """Find the fields in the schema of a model, below what is wrapped around them."""
    while isinstance(schema, dict):
        if schema.get("type") == "model-fields":
            return dict(schema["fields"])
        schema = schema.get("schema")
    return None


def _mentions_time(part: Any) -> bool:
    if isinstance(part, dict):
        kind = part.get("type")
        return kind in _MAY_BE_TIMES or any(map(_mentions_time, part.values()))
    return isinstance(part, list | tuple) and any(map(_mentions_time, part))


_MAY_BE_TIMES = frozenset({"datetime", "date", "any", "definition-ref"})
"""Kinds of schemas; a reference leads to one that is described elsewhere."""


def _is_within(moment: datetime) -> bool:
    """Compared before it is brought to UTC: that is what may lead out of the calendar."""
    if EARLIEST.year < moment.year < LATEST.year:
        return True
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return EARLIEST <= aware <= LATEST
