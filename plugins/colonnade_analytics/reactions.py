"""Reactions to every event of the other services: kept and counted in one transaction."""

import re
from collections.abc import Callable
from typing import Any

from colonnade.events import Event, handled_envelope, reactions_named, reacts_to
from colonnade.rows import table_of
from colonnade.store import Session
from colonnade_analytics.models import EventRow
from colonnade_analytics.rollups.effects import EFFECTS
from colonnade_analytics.rollups.event_rows import row_of
from colonnade_analytics.rollups.upserts import insert_new
from colonnade_content.api import EVENTS as CONTENT_EVENTS
from colonnade_course.api import EVENTS as COURSE_EVENTS
from colonnade_payment.api import EVENTS as PAYMENT_EVENTS
from colonnade_user.api import EVENTS as USER_EVENTS

CONSUMED: tuple[type[Event], ...] = (
    *USER_EVENTS,
    *COURSE_EVENTS,
    *CONTENT_EVENTS,
    *PAYMENT_EVENTS,
)
"""Events that are kept and counted: all that the other services publish."""


_COLUMNS = tuple(table_of(EventRow).columns.keys())


@reactions_named("Consumption")
class EventReactions:
    """One reaction per event, `on_<event_in_words>`; made below, so that none is missed."""


def consume(session: Session, event: Event) -> None:
    """Keep the event being handled and apply its effect, once."""
    row = row_of(session, handled_envelope(), event)
    values = {name: getattr(row, name) for name in _COLUMNS}
    if not insert_new(session, EventRow, [values]):
        return
    effect = EFFECTS.get(type(event))
    if effect is not None:
        effect(session, event, row)


def reaction_name(model: type[Event]) -> str:
    """The name of the reaction to an event; part of its inbox key."""
    return "on_" + re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower()


def _reaction(model: type[Event]) -> Callable[..., Any]:
    def react(self: EventReactions, session: Session, event: Event) -> None:
        consume(session, event)

    react.__name__ = reaction_name(model)
    react.__qualname__ = f"EventReactions.{react.__name__}"
    return reacts_to(model)(react)


for _model in CONSUMED:
    setattr(EventReactions, reaction_name(_model), _reaction(_model))
