"""Backlog of a service's stores: events to publish, sagas under way, dead letters."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from colonnade.control_store import ControlStore
from colonnade.errors import Unavailable
from colonnade.saga_tables import SagaRow
from colonnade.sagas import SagaPhase
from colonnade.store import Session
from colonnade.tables import DeadLetterRow, OutboxRow
from colonnade_runtime.background.acting.acting_store import ActingStore

KEPT_SECONDS = 5.0
"""How long one look counts, however often it is asked for."""

LOOKING_SECONDS = 2.0
"""How long one look may take; of who was not looked at by then, the look before counts."""

MAXIMUM_TENANTLESS = 1_000
"""Tenantless dead letters that are counted."""

_ENDED = [phase for phase in SagaPhase if phase.has_ended]


@dataclass(slots=True)
class Backlog:
    """Backlog of all tenants together; `lag` is in seconds, and `sagas` goes by phase."""

    tenants: int = 0
    pending: int = 0
    lag: float = 0.0
    dead_letters: int = 0
    sagas: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class TenantBacklog:
    """Backlog of one tenant's store; `oldest` is when the oldest pending event was written."""

    pending: int
    oldest: datetime | None
    dead_letters: int
    sagas: Mapping[str, int]

    @property
    def waits_for_operator(self) -> bool:
        """Tell whether a dead letter or a saga waits for an operator."""
        return self.dead_letters > 0 or self.sagas.get(SagaPhase.NEEDS_OPERATOR, 0) > 0


class BacklogMonitor:
    """Monitor of the backlog: looks at the tenants that the work index names, when a scrape asks.

    The index names a tenant as long as a dead letter or a saga waits for an operator there
    (`waits_for_operator`), so all of them count, also after a restart.
    """

    def __init__(
        self,
        store: ActingStore,
        control: ControlStore,
        lost: Callable[[Session], int],
        is_known: Callable[[str], bool],
        log: Any,
    ) -> None:
        self.last = Backlog()
        self._store = store
        self._control = control
        self._lost = lost
        self._is_known = is_known
        self._now = store.actor.clock.now
        self._log = log
        self.looked = -KEPT_SECONDS
        self._found: dict[str, TenantBacklog] = {}

    async def look(self) -> None:
        """Look anew unless that was done a moment ago; what cannot be read is logged."""
        if time.monotonic() - self.looked < KEPT_SECONDS:
            return
        self.looked = time.monotonic()
        found = Backlog()
        try:
            found.dead_letters = len(await self._control.dead_letters(limit=MAXIMUM_TENANTLESS))
            tenants = await self._control.tenants_with_work()
            found.tenants = len(tenants)
            await self._look_at([name for name in tenants if self._is_known(name)])
        except Exception as error:
            self._log.warning("backlog not readable", error=error)
        for each in self._found.values():
            self._add(found, each)
        self.last = found

    async def waits_for_operator(self, tenant: str) -> bool:
        """Tell whether a dead letter or a saga of the tenant waits for an operator."""
        return (await self._read(tenant)).waits_for_operator

    async def _look_at(self, tenants: Sequence[str]) -> None:
        """Look at as many as there is time for, those first that were not seen for longest."""
        named = set(tenants)
        kept = {name: found for name, found in self._found.items() if name in named}
        self._found = dict(kept)
        new = [name for name in tenants if name not in kept]
        try:
            async with asyncio.timeout(LOOKING_SECONDS):
                for tenant in [*new, *kept]:
                    await self._look_at_one(tenant)
        except TimeoutError:
            return

    async def _look_at_one(self, tenant: str) -> None:
        try:
            found = await self._read(tenant)
        except Unavailable:
            # A store that is broken is a fault of its own, and hides nobody else's letters.
            return
        self._found.pop(tenant, None)
        self._found[tenant] = found

    async def _read(self, tenant: str) -> TenantBacklog:
        return await self._store.read(tenant, self._waiting, seconds=LOOKING_SECONDS)

    def _add(self, found: Backlog, each: TenantBacklog) -> None:
        found.pending += each.pending
        found.dead_letters += each.dead_letters
        found.sagas.update(each.sagas)
        if each.oldest is not None:
            found.lag = max(found.lag, (self._now() - each.oldest).total_seconds())

    def _waiting(self, session: Session) -> TenantBacklog:
        pending, oldest, letters, sagas = _waiting(session)
        return TenantBacklog(pending, oldest, letters + self._lost(session), sagas)


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
