"""Pruning: rows that expired are deleted, so that no table grows with time alone."""

from colonnade.services import ServiceContext
from colonnade_user.confirmations.records import prune_confirmations
from colonnade_user.invitations.records import expire_invitations
from colonnade_user.sessions.records import prune_sessions
from colonnade_user.throttling.counters import prune_counters
from colonnade_user.throttling.devices import prune_devices


class Pruning:
    """Scheduled removal of expired rows."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    async def prune(self) -> None:
        """Delete expired sessions, counters at zero, unused devices and expired confirmations,
        and mark overdue invitations; in small transactions, so that others write in between."""
        for prune in (
            prune_sessions,
            prune_counters,
            prune_devices,
            prune_confirmations,
            expire_invitations,
        ):
            while await self._ctx.store.run(prune):
                continue
