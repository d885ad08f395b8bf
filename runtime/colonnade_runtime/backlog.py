"""What waits in a service's stores: events to publish, sagas under way, dead letters."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from colonnade.context import Context, use_context
from colonnade.control_store import ControlStore
from colonnade.saga_tables import SagaRow
from colonnade.sagas import SagaPhase
from colonnade.store import Session, SqlStore
from colonnade.tables import DeadLetterRow, OutboxRow

MAXIMUM_TENANTS = 200
"""Tenants with work that are looked at; more are counted, and not opened."""

KEPT_SECONDS = 5.0
"""How long one look counts, however often it is asked for."""

LOOKING_SECONDS = 2.0
"""How long one look may take; what was not seen by then is not counted."""

_ENDED = [phase for phase in SagaPhase if phase.has_ended]


@dataclass(slots=True)
class Backlog:
    """What was waiting; `lag` is in seconds, and `sagas` goes by phase."""

    tenants: int = 0
    pending: int = 0
    lag: float = 0.0
    dead_letters: int = 0
    sagas: Counter[str] = field(default_factory=Counter)


class BacklogWatch:
    """Looks at the tenants that the work index names, when a scrape asks.

    A tenant that it once named is looked at until the process ends: a saga that needs an
    operator, or a dead letter, is no work for the platform.
    """

    def __init__(
        self,
        store: SqlStore,
        control: ControlStore,
        lost: Callable[[Session], int],
        context_for: Callable[[str], Context],
        is_known: Callable[[str], bool],
        now: Callable[[], datetime],
        log: Any,
    ) -> None:
        self.last = Backlog()
        self._store = store
        self._control = control
        self._lost = lost
        self._context_for = context_for
        self._is_known = is_known
        self._now = now
        self._log = log
        self._looked = -KEPT_SECONDS
        self._seen: dict[str, None] = {}

    async def look(self) -> None:
        """Look anew unless that was done a moment ago; what cannot be read is logged."""
        if time.monotonic() - self._looked < KEPT_SECONDS:
            return
        self._looked = time.monotonic()
        found = Backlog()
        try:
            async with asyncio.timeout(LOOKING_SECONDS):
                await self._fill(found)
        except Exception as error:
            self._log.warning("backlog not readable", reason=f"{type(error).__name__}: {error}")
        self.last = found

    async def _fill(self, found: Backlog) -> None:
        tenants = await self._control.tenants_with_work()
        found.tenants = len(tenants)
        found.dead_letters = len(await self._control.dead_letters())
        self._seen.update(dict.fromkeys(tenants))
        for tenant in [name for name in self._seen if self._is_known(name)][-MAXIMUM_TENANTS:]:
            with use_context(self._context_for(tenant)):
                pending, oldest, letters, sagas = await self._store.read(self._waiting)
            found.pending += pending
            found.dead_letters += letters
            found.sagas.update(sagas)
            if oldest is not None:
                found.lag = max(found.lag, (self._now() - oldest).total_seconds())

    def _waiting(self, session: Session) -> tuple[int, datetime | None, int, dict[str, int]]:
        pending, oldest, letters, sagas = _waiting(session)
        return pending, oldest, letters + self._lost(session), sagas


def _waiting(session: Session) -> tuple[int, datetime | None, int, dict[str, int]]:
    pending, oldest = session.execute(
        select(func.count(), func.min(OutboxRow.created_at)).where(OutboxRow.sent_at.is_(None))
    ).one()
    letters = session.scalar(select(func.count()).where(DeadLetterRow.replayed_at.is_(None))) or 0
    phases = session.execute(
        select(SagaRow.phase, func.count())
        .where(SagaRow.phase.not_in(_ENDED))
        .group_by(SagaRow.phase)
    )
    return pending, oldest, letters, {str(phase): number for phase, number in phases}
