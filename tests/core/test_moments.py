"""Times and days that come in: always ones that can be brought to UTC and reckoned with."""

from datetime import UTC, date, datetime, timedelta

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AwareDatetime, Field

from colonnade.messages import Message, Request
from colonnade.moments import EARLIEST, LATEST, time_fields, utc
from colonnade.quantities import LONGEST, Duration

EDGES = [
    "9999-12-31T23:59:59-23:59",
    "9999-12-31T23:59:59.999999-00:01",
    "9999-12-31T23:59:59Z",
    "9999-01-01T14:00:00+14:00",
    "9998-12-31T23:59:59-00:01",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00+00:01",
    "0001-01-01T00:00:00Z",
    "0001-12-31T23:59:59+14:00",
    "0002-01-01T00:00:00+00:01",
]
DAYS = ["9999-12-31", "9999-01-01", "0001-01-01", "0001-12-31"]


class Slot(Message):
    start: AwareDatetime
    day: date | None = None


class Book(Request[Slot]):
    at: AwareDatetime | None = None
    slots: list[Slot] = Field(default_factory=list)
    by_name: dict[str, Slot | None] = Field(default_factory=dict)
    first: date | None = None


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize(
    ("form", "place"),
    [
        ('{"at": "%s"}', ("at",)),
        ('{"slots": [{"start": "%s"}]}', ("slots", 0, "start")),
        ('{"by_name": {"a": {"start": "%s"}}}', ("by_name", "a", "start")),
    ],
)
def test_a_time_at_the_edge_is_pointed_at(
    edge: str, form: str, place: tuple[str | int, ...]
) -> None:
    for decode in (Book.decode_strict, Book.decode):
        with pytest.raises(pydantic.ValidationError) as caught:
            decode((form % edge).encode())
        assert [error["loc"] for error in caught.value.errors()] == [place]


@pytest.mark.parametrize("edge", EDGES)
def test_a_time_at_the_edge_of_a_query_is_pointed_at(edge: str) -> None:
    with pytest.raises(pydantic.ValidationError):
        Book.model_validate_strings({"at": edge})
    with pytest.raises(ValueError, match="out of range"):
        utc(datetime.fromisoformat(edge))


@pytest.mark.parametrize("day", DAYS)
def test_a_day_at_the_edge_is_pointed_at(day: str) -> None:
    for form in ('{"first": "%s"}', '{"slots": [{"start": "2026-01-01T00:00Z", "day": "%s"}]}'):
        with pytest.raises(pydantic.ValidationError):
            Book.decode_strict((form % day).encode())
    with pytest.raises(pydantic.ValidationError):
        Book.model_validate_strings({"first": day})


@given(st.datetimes(), st.integers(-1439, 1439))
def test_what_is_taken_can_be_brought_to_utc_and_a_hundred_days_on(
    naive: datetime, minutes: int
) -> None:
    text = naive.isoformat() + offset_of(minutes)
    try:
        taken = Book.decode_strict(b'{"at": "%b"}' % text.encode()).at
    except pydantic.ValidationError:
        return
    assert taken is not None
    there = taken.astimezone(UTC)
    assert EARLIEST <= there <= LATEST
    assert there + timedelta(days=100) > there > there - timedelta(days=100)


def offset_of(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def test_an_answer_may_say_what_was_kept_before() -> None:
    """What comes out of a store is not refused by a bound that is younger than it."""
    assert Slot.decode(b'{"start": "9999-12-31T23:59:59Z"}').start.year == 9999


def test_no_duration_leads_out_of_the_calendar() -> None:
    assert Duration.parse("36500d") == LONGEST
    for text in ("36501d", "999999999999d", "876001h"):
        with pytest.raises(ValueError, match="hundred years"):
            Duration.parse(text)


def test_only_fields_in_which_a_time_can_stand_are_looked_at() -> None:
    class Note(Message):
        text: str
        counts: dict[str, int | float | None] = Field(default_factory=dict)

    class Notes(Request[Slot]):
        notes: list[Note]
        slots: dict[str, list[Slot]] = Field(default_factory=dict)
        whatever: object = None

    assert time_fields(Note) == ()
    assert time_fields(Notes) == ("slots", "whatever")
