"""Forgets what has ended by itself, so that nothing grows with time alone."""

from colonnade.services import ServiceContext
from colonnade_user.sessions import PRUNED_AT_ONCE, prune_sessions


class Pruning:
    """What the service removes from time to time."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    async def prune(self) -> None:
        """Forget every session that ended by itself; in small transactions, so that others write
        in between."""
        while await self._ctx.store.run(prune_sessions) == PRUNED_AT_ONCE:
            continue
