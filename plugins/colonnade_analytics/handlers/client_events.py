"""Events of clients: kept and counted in one transaction, each once."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from colonnade.errors import FieldError, ValidationFailed
from colonnade.http import MAXIMUM_FIELD_ERRORS
from colonnade.operations import Call, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.store import Session
from colonnade_analytics.api import (
    ClientEvent,
    EventReceipt,
    KeptClientEvent,
    ListClientEvents,
    SendClientEvents,
)
from colonnade_analytics.calendar.instants import (
    MICROSECONDS,
    microseconds_of,
    moment_of,
    quarter_of,
)
from colonnade_analytics.client_events.allowance import spend
from colonnade_analytics.client_events.known_courses import require_known_courses
from colonnade_analytics.client_events.known_lessons import require_known_lessons
from colonnade_analytics.config import AnalyticsContext
from colonnade_analytics.models import ClientEventRow, EnrollmentRow, PersonRow
from colonnade_analytics.privacy.pseudonyms import person_number
from colonnade_analytics.resources import CLIENT_EVENT
from colonnade_analytics.rollups.increments import mark_active

EARLIEST_SECONDS = 366 * 86_400
"""How late an event may be."""

FAST_CLOCK_SECONDS = 86_400
"""How far in the future an event may claim to be; it is set right to the moment of arrival."""

LATEST_FIRST = [SortKey(ClientEventRow.occurred_us, descending=True), SortKey(ClientEventRow.id)]

_INSERT = insert(ClientEventRow.__table__)  # type: ignore[arg-type]


class ClientEvents:
    """Handles what people send of themselves."""

    def __init__(self, ctx: AnalyticsContext) -> None:
        self._ctx = ctx

    @handles(SendClientEvents)
    async def send(self, request: SendClientEvents, call: Call) -> EventReceipt:
        """Keep a batch, whole or not at all."""
        now = microseconds_of(self._ctx.clock.now())
        _check_times(request.events, now)
        await require_known_courses(self._ctx, request.events)
        await require_known_lessons(self._ctx, request.events)
        bounds = self._ctx.config.client_events
        rows = {event.id: _row(event, now) for event in request.events}
        user_id = UUID(call.principal_id)

        def work(session: Session) -> EventReceipt:
            call.require(session, CLIENT_EVENT, PersonRow(user_id=user_id))
            person = person_number(session, user_id)
            kept = _keep(session, person, rows)
            spend(session, person, kept, now, bounds)
            _count(session, person, kept)
            return EventReceipt(accepted=len(kept), duplicates=len(request.events) - len(kept))

        return await self._ctx.store.run(work)

    @handles(ListClientEvents)
    async def list(self, request: ListClientEvents, call: Call) -> Page[KeptClientEvent]:
        """What the caller has sent."""
        query = (
            select(ClientEventRow)
            .join(PersonRow, PersonRow.id == ClientEventRow.person_id)
            .where(call.visible(CLIENT_EVENT))
        )

        def work(session: Session) -> Page[KeptClientEvent]:
            return paginate(session, query, LATEST_FIRST, request, _present)

        return await self._ctx.store.read(work)


def _check_times(events: Sequence[ClientEvent], now: int) -> None:
    earliest = now - EARLIEST_SECONDS * MICROSECONDS
    latest = now + FAST_CLOCK_SECONDS * MICROSECONDS
    wrong = [
        (place, event)
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
                for place, _ in wrong[:MAXIMUM_FIELD_ERRORS]
            ]
        )


def _row(event: ClientEvent, now: int) -> dict[str, Any]:
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


def _keep(
    session: Session, person: int, rows: dict[UUID, dict[str, Any]]
) -> Sequence[dict[str, Any]]:
    """Insert what is new, and answer it. That nothing is known yet is the usual case, and is
    found out by trying."""
    new = list(rows.values())
    for row in new:
        row["person_id"] = person
    savepoint = session.begin_nested()
    try:
        session.execute(_INSERT, new)
    except IntegrityError:
        savepoint.rollback()
    else:
        savepoint.commit()
        return new
    known = _known(session, person, rows)
    new = [row for identifier, row in rows.items() if identifier not in known]
    if new:
        session.execute(_INSERT, new)
    return new


def _known(session: Session, person: int, identifiers: Iterable[UUID]) -> set[UUID]:
    found: set[UUID] = set()
    remaining = list(identifiers)
    while remaining:
        some, remaining = remaining[:1000], remaining[1000:]
        query = select(ClientEventRow.id).where(
            ClientEventRow.person_id == person, ClientEventRow.id.in_(some)
        )
        found.update(session.scalars(query))
    return found


def _count(session: Session, person: int, kept: Sequence[dict[str, Any]]) -> None:
    quarters: dict[UUID, set[int]] = {}
    for row in kept:
        course_id = row["course_id"]
        if course_id is not None:
            quarters.setdefault(course_id, set()).add(quarter_of(row["occurred_us"]))
    if not quarters:
        return
    query = select(EnrollmentRow.course_id).where(EnrollmentRow.person_id == person)
    enrolled = set(session.scalars(query))
    for course_id, found in quarters.items():
        mark_active(session, found, course_id, person, enrolled=course_id in enrolled)


def _present(row: ClientEventRow) -> KeptClientEvent:
    return KeptClientEvent(
        id=row.id,
        name=row.name,
        occurred_at=moment_of(row.occurred_us),
        received_at=moment_of(row.received_us),
        course_id=row.course_id,
        lesson_id=row.lesson_id,
        properties=msgspec.json.decode(row.properties),
    )
