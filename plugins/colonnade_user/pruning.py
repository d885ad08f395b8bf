"""Forgets what has ended by itself, so that nothing grows with time alone."""

from colonnade.services import ServiceContext
from colonnade_user.confirmations.records import prune_confirmations
from colonnade_user.invitations.records import expire_invitations
from colonnade_user.sessions.records import prune_sessions
from colonnade_user.throttling.counters import prune_counters
from colonnade_user.throttling.devices import prune_devices


class Pruning:
    """What the service removes from time to time."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    async def prune(self) -> None:
        """Forget sessions that ended by themselves, counters that stand at nothing, devices that
        were not used for long and links past their time, and mark invitations that nobody
        accepted; in small transactions, so that others write in between."""
        for prune in (
            prune_sessions,
            prune_counters,
            prune_devices,
            prune_confirmations,
            expire_invitations,
        ):
            while await self._ctx.store.run(prune):
                continue
