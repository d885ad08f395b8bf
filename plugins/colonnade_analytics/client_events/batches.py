"""Batches of client events: checked, kept and counted, each event once."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert, select

from colonnade.errors import FieldError, ValidationFailed
from colonnade.http import MAXIMUM_FIELD_ERRORS
from colonnade.rows import ConstraintViolated, Prepared, prepare
from colonnade.store import Session
from colonnade_analytics.api import ClientEvent
from colonnade_analytics.calendar.instants import MICROSECONDS, microseconds_of, quarter_of
from colonnade_analytics.models import ClientEventRow, EnrollmentRow
from colonnade_analytics.rollups.increments import mark_active

EARLIEST_SECONDS = 366 * 86_400
"""How late an event may be."""

FAST_CLOCK_SECONDS = 86_400
"""How far in the future an event may claim to be; it is set right to the moment of arrival."""

LOOKED_UP_AT_ONCE = 1_000

_INSERT: Prepared[()] = prepare(insert(ClientEventRow))


def check_times(events: Sequence[ClientEvent], now: int) -> None:
    """Check that every event occurred within the bounds; `now` is in microseconds.

    Raises:
        ValidationFailed: some did not; `fields` names them.
    """
    earliest = now - EARLIEST_SECONDS * MICROSECONDS
    latest = now + FAST_CLOCK_SECONDS * MICROSECONDS
    wrong = [
        place
        for place, event in enumerate(events)
        if not earliest <= microseconds_of(event.occurred_at) <= latest
    ]
    if wrong:
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


def row_of(event: ClientEvent, now: int) -> dict[str, Any]:
    """The row of an event that arrived at `now`, without its person."""
    properties = event.properties
    return {
        "id": event.id,
        "name": event.name,
        "occurred_us": min(microseconds_of(event.occurred_at), now),
        "received_us": now,
        "course_id": event.course_id,
        "lesson_id": event.lesson_id,
        "properties": msgspec.json.encode(properties).decode() if properties else "{}",
    }


def insert_new_events(
    session: Session, person: int, rows: Mapping[UUID, dict[str, Any]]
) -> Sequence[dict[str, Any]]:
    """Insert the events that the person has not sent before, and return their rows."""
    new = list(rows.values())
    for row in new:
        row["person_id"] = person
    # Usually all are new: to try is one statement, to look first would be two.
    try:
        with session.savepoint():
            session.execute(_INSERT, new)
        return new
    except ConstraintViolated:
        pass  # Some were sent before.
    known = _known(session, person, rows)
    new = [row for identifier, row in rows.items() if identifier not in known]
    if new:
        session.execute(_INSERT, new)
    return new


def count_activity(session: Session, person: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Mark the person as active in the courses that their events name."""
    quarters: dict[UUID, set[int]] = {}
    for row in rows:
        course_id = row["course_id"]
        if course_id is not None:
            quarters.setdefault(course_id, set()).add(quarter_of(row["occurred_us"]))
    if not quarters:
        return
    query = select(EnrollmentRow.course_id).where(EnrollmentRow.person_id == person)
    enrolled = set(session.scalars(query))
    for course_id, found in quarters.items():
        mark_active(session, found, course_id, person, enrolled=course_id in enrolled)


def _known(session: Session, person: int, identifiers: Iterable[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    remaining = list(identifiers)
    while remaining:
        some, remaining = remaining[:LOOKED_UP_AT_ONCE], remaining[LOOKED_UP_AT_ONCE:]
        query = select(ClientEventRow.id).where(
            ClientEventRow.person_id == person, ClientEventRow.id.in_(some)
        )
        found.update(session.scalars(query))
    return found
