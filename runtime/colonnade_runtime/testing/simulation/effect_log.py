"""A witness of every effect: one row in the transaction that commits a reaction's work.

The row says nothing to the inbox and is unique in nothing, so that an effect that happens twice
is seen twice.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from colonnade.events import BoundReaction, Event, Work, handled_envelope
from colonnade.store import Session
from colonnade_runtime.assembly.background import ProcessBackground
from colonnade_runtime.background.background_work import BackgroundWork

TABLE = "simulated_effects"

_MAKE = text(f"CREATE TABLE {TABLE} (consumer TEXT NOT NULL, event_id TEXT NOT NULL)")
_NOTE = text(f"INSERT INTO {TABLE} (consumer, event_id) VALUES (:consumer, :event_id)")  # noqa: S608


class EffectLoggingBackground(ProcessBackground):
    """Background work whose reactions leave a row for each effect."""

    def add(self, service: str, work: BackgroundWork) -> None:
        """Take the work of a service in, with a witness beside each of its reactions."""
        for consumer, handling in work.delivery.consumers.items():
            bound = handling.reaction.bound
            seen = replace(bound, call=_seen(consumer, bound))
            handling.reaction = replace(handling.reaction, bound=seen)
        super().add(service, work)


def _seen(consumer: str, bound: BoundReaction) -> Callable[..., Any]:
    call: Callable[..., Any] = bound.call
    if bound.is_asynchronous:

        async def asynchronous(event: Event) -> Work:
            effect: Work | None = await call(event)
            event_id = str(handled_envelope().id)

            def work(session: Session) -> None:
                if effect is not None:
                    effect(session)
                _note(session, consumer, event_id)

            return work

        return asynchronous

    def inside(session: Session, event: Event) -> None:
        call(session, event)
        _note(session, consumer, str(handled_envelope().id))

    return inside


def _note(session: Session, consumer: str, event_id: str) -> None:
    # Past the session's own method, which would count this as a change of anything.
    run = session.driver.run
    values = {"consumer": consumer, "event_id": event_id}
    try:
        run(_NOTE, values)
    except OperationalError:
        # The first effect in this file.
        run(_MAKE, None)
        run(_NOTE, values)
