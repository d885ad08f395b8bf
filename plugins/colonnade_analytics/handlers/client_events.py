"""Handlers of client events: the caller's own."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import select

from colonnade.operations import Call, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.store import Session
from colonnade_analytics.api import (
    EventReceipt,
    KeptClientEvent,
    ListClientEvents,
    SendClientEvents,
)
from colonnade_analytics.calendar.instants import microseconds_of
from colonnade_analytics.client_events.allowance import spend
from colonnade_analytics.client_events.batches import (
    EventValues,
    RepeatedEvents,
    check_times,
    count_activity,
    insert_all,
    insert_unknown,
    rows_of,
)
from colonnade_analytics.client_events.known_courses import require_known_courses
from colonnade_analytics.client_events.known_lessons import require_known_lessons
from colonnade_analytics.config import AnalyticsContext
from colonnade_analytics.models import ClientEventRow, PersonRow
from colonnade_analytics.presentation import present_client_event
from colonnade_analytics.privacy.pseudonyms import person_number
from colonnade_analytics.resources import CLIENT_EVENT

_Insert: TypeAlias = Callable[[Session, int, Mapping[int, EventValues]], list[EventValues]]

_LATEST_FIRST = [SortKey(ClientEventRow.occurred_us, descending=True), SortKey(ClientEventRow.id)]


class ClientEventHandlers:
    """Operations on client events."""

    def __init__(self, ctx: AnalyticsContext) -> None:
        self._ctx = ctx

    @handles(SendClientEvents)
    async def send_client_events(self, request: SendClientEvents, call: Call) -> EventReceipt:
        """Keep a batch and count it, whole or not at all."""
        now = microseconds_of(self._ctx.clock.now())
        events = request.events
        moments = [microseconds_of(event.occurred_at) for event in events]
        check_times(moments, now)
        await require_known_courses(self._ctx, events)
        await require_known_lessons(self._ctx, events)
        bounds = self._ctx.config.client_events
        user_id = UUID(call.principal_id)

        def work(insert: _Insert, session: Session) -> EventReceipt:
            call.require(session, CLIENT_EVENT, PersonRow(user_id=user_id))
            person = person_number(session, user_id)
            # Here, and not before: the loop goes on meanwhile.
            new = insert(session, person, rows_of(events, moments, now))
            spend(session, person, new, now, bounds)
            count_activity(session, person, new)
            return EventReceipt(accepted=len(new), duplicates=len(events) - len(new))

        # To try is one statement; to look first would be two, for what is seldom.
        try:
            return await self._ctx.store.run(partial(work, insert_all))
        except RepeatedEvents:
            return await self._ctx.store.run(partial(work, insert_unknown))

    @handles(ListClientEvents)
    async def list_client_events(
        self, request: ListClientEvents, call: Call
    ) -> Page[KeptClientEvent]:
        """List what the caller has sent, the latest first."""
        query = (
            select(ClientEventRow)
            .join(PersonRow, PersonRow.id == ClientEventRow.person_id)
            .where(call.visible(CLIENT_EVENT))
        )
        return await self._ctx.store.read(
            lambda session: paginate(session, query, _LATEST_FIRST, request, present_client_event)
        )
