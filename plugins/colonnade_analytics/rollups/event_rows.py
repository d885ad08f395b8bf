"""Rows of events: person, course and time, and nothing personal.

Text is never kept: names, titles and reasons are people's own words. Ids of people become numbers.
"""

import json
import typing
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from colonnade.events import Envelope, Event, event_type_of
from colonnade.store import Session
from colonnade_analytics.calendar.instants import microseconds_of
from colonnade_analytics.models import EventRow
from colonnade_analytics.privacy.pseudonyms import person_number

PEOPLE = ("user_id", "instructor_id", "recipient_id")
"""Fields that name a person: an event is about the person in the first that it has."""

OCCURRED = ("captured_at", "refunded_at")
"""Fields that hold the time of an event better than its commit."""

_COLUMNS = ("course_id", "lesson_id", "enrollment_id")


def row_of(session: Session, envelope: Envelope, event: Event) -> EventRow:
    """The row of an event."""
    person = next((name for name in PEOPLE if name in type(event).model_fields), None)
    user_id: UUID | None = getattr(event, person) if person else None
    occurred = next(
        (getattr(event, name) for name in OCCURRED if name in type(event).model_fields),
        envelope.time,
    )
    declared = event_type_of(type(event))
    # Most events name one person, twice.
    number = cache(partial(person_number, session))
    return EventRow(
        event_id=envelope.id,
        service=declared.service,
        name=declared.name,
        occurred_us=microseconds_of(occurred),
        person_id=None if user_id is None else number(user_id),
        **{name: getattr(event, name, None) for name in _COLUMNS},
        data=json.dumps(_stored(event, number)),
    )


def _stored(message: BaseModel, number: Callable[[UUID], int]) -> dict[str, Any]:
    plain = message.model_dump(mode="json")
    kept: dict[str, Any] = {}
    for name in stored_fields(type(message)):
        value = getattr(message, name)
        if isinstance(value, list):
            kept[name] = [_stored(item, number) for item in value if isinstance(item, BaseModel)]
        elif name in PEOPLE:
            kept[name] = None if value is None else number(value)
        else:
            kept[name] = plain[name]
    return kept


@cache
def stored_fields(model: type[BaseModel]) -> tuple[str, ...]:
    """The fields of an event, or of a part of one, that are stored beside the columns."""
    return tuple(
        name
        for name, field in model.model_fields.items()
        if name not in _COLUMNS and not _may_be_text(field.annotation)
    )


def _may_be_text(annotation: Any) -> bool:
    return any(part is str for part in _parts(annotation))


def _parts(annotation: Any) -> Iterator[Any]:
    if typing.get_origin(annotation) is typing.Literal:
        return
    arguments = typing.get_args(annotation)
    if not arguments:
        yield annotation
        return
    for argument in arguments:
        yield from _parts(argument)
