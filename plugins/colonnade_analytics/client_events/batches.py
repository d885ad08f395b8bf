"""Batches of client events: checked, kept and counted, each event once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, select

from colonnade.errors import FieldError, ValidationFailed
from colonnade.http import MAXIMUM_FIELD_ERRORS
from colonnade.rows import prepare
from colonnade.store import Session
from colonnade_analytics.api import ClientEvent
from colonnade_analytics.calendar.instants import MICROSECONDS, quarter_of
from colonnade_analytics.models import ClientEventRow, EnrollmentRow
from colonnade_analytics.rollups.increments import mark_active
from colonnade_analytics.rollups.upserts import insert_new

EARLIEST_SECONDS = 366 * 86_400
"""How late an event may be."""

FAST_CLOCK_SECONDS = 86_400
"""How far in the future an event may claim to be; it is set right to the moment of arrival."""

LOOKED_UP_AT_ONCE = 1_000

EventValues: TypeAlias = dict[str, Any]
"""Values of one row of `ClientEventRow`."""

_encode_properties = msgspec.json.Encoder().encode


_ENROLLED = prepare(
    select(EnrollmentRow.course_id).where(EnrollmentRow.person_id == bindparam("person"))
)


class RepeatedEvents(Exception):
    """Some events of a batch were sent before."""


def check_times(moments: Sequence[int], now: int) -> None:
    """Check that every event occurred within the bounds; times are in microseconds.

    Raises:
        ValidationFailed: some did not; `fields` names them.
    """
    earliest = now - EARLIEST_SECONDS * MICROSECONDS
    latest = now + FAST_CLOCK_SECONDS * MICROSECONDS
    if earliest <= min(moments) and max(moments) <= latest:
        return
    wrong = [place for place, moment in enumerate(moments) if not earliest <= moment <= latest]
    raise ValidationFailed(
        fields=[
            FieldError(
                f"/events/{place}/occurred_at",
                "is more than 366 days ago, or more than a day in the future",
                "out_of_bounds",
            )
            for place in wrong[:MAXIMUM_FIELD_ERRORS]
        ]
    )


def rows_of(
    events: Sequence[ClientEvent], moments: Sequence[int], now: int
) -> dict[int, EventValues]:
    """Rows of events that arrived at `now`, without their person, each under its id as a number:
    a number is found faster than an id. Of several events of one id, the last counts."""
    return {
        event.id.int: {
            "id": event.id,
            "name": event.name,
            "occurred_us": min(moment, now),
            "received_us": now,
            "course_id": event.course_id,
            "lesson_id": event.lesson_id,
            "properties": _encode_properties(event.properties).decode(),
        }
        for event, moment in zip(events, moments, strict=True)
    }


def insert_all(session: Session, person: int, rows: Mapping[int, EventValues]) -> list[EventValues]:
    """Insert events that are all new, as those of a batch usually are, and return their rows.

    Raises:
        RepeatedEvents: they are not; the unit of work must not commit.
    """
    every = _of_person(person, rows.values())
    if insert_new(session, ClientEventRow, every) < len(every):
        raise RepeatedEvents
    return every


def insert_unknown(
    session: Session, person: int, rows: Mapping[int, EventValues]
) -> list[EventValues]:
    """Look which events the person has sent before, insert the others and return their rows."""
    known = _known(session, person, rows.values())
    unknown = [row for identifier, row in rows.items() if identifier not in known]
    insert_new(session, ClientEventRow, _of_person(person, unknown))
    return unknown


def count_activity(session: Session, person: int, rows: Sequence[EventValues]) -> None:
    """Mark the person as active in the courses that their events name."""
    marks = {
        (course_id.int, quarter_of(row["occurred_us"]))
        for row in rows
        if (course_id := row["course_id"]) is not None
    }
    if not marks:
        return
    quarters: dict[int, set[int]] = {}
    for course, quarter in marks:
        quarters.setdefault(course, set()).add(quarter)
    enrolled = set(session.scalars(_ENROLLED, {"person": person}))
    for course, found in quarters.items():
        course_id = UUID(int=course)
        mark_active(session, found, course_id, person, enrolled=course_id in enrolled)


def _of_person(person: int, rows: Iterable[EventValues]) -> list[EventValues]:
    found = list(rows)
    for row in found:
        row["person_id"] = person
    return found


def _known(session: Session, person: int, rows: Iterable[EventValues]) -> set[int]:
    found: set[int] = set()
    remaining = [row["id"] for row in rows]
    while remaining:
        some, remaining = remaining[:LOOKED_UP_AT_ONCE], remaining[LOOKED_UP_AT_ONCE:]
        query = select(ClientEventRow.id).where(
            ClientEventRow.person_id == person, ClientEventRow.id.in_(some)
        )
        found.update(identifier.int for identifier in session.scalars(query))
    return found
