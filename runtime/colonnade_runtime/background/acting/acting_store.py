"""A service's store, used in the service's own name."""

from collections.abc import Callable
from typing import TypeVar

from colonnade.context import use_context
from colonnade.store import Session, SqlStore
from colonnade_runtime.background.acting.actor import Actor

T = TypeVar("T")

STORE_SECONDS = 30.0
"""How long one unit of work may take, its turn among other writers included."""

PRUNED_AT_ONCE = 500
"""Rows deleted in one transaction: others write to the tenant's file in between."""


class ActingStore:
    """Runs units of work in a tenant's store as the service itself, each in a context of its own.

    Whoever caused the work is not the one who acts: neither their rights nor their deadline count.
    """

    def __init__(self, actor: Actor, store: SqlStore) -> None:
        self.actor = actor
        self._store = store

    async def read(
        self, tenant: str, work: Callable[[Session], T], *, seconds: float = STORE_SECONDS
    ) -> T:
        """Answer what `work` finds in the tenant's store; at most `seconds`."""
        with use_context(self.actor.context(tenant, seconds=seconds)):
            return await self._store.read(work)

    async def run(
        self,
        tenant: str,
        work: Callable[[Session], T],
        *,
        seconds: float = STORE_SECONDS,
        linger: float = 0.0,
    ) -> T:
        """Commit what `work` changes in the tenant's store; at most `seconds`.

        It may wait `linger` seconds for another unit of work to share a transaction with.
        """
        with use_context(self.actor.context(tenant, seconds=seconds)):
            return await self._store.run(work, linger=linger)

    async def prune(
        self,
        tenant: str,
        at_most: Callable[[int], Callable[[Session], int]],
        *,
        limit: int = PRUNED_AT_ONCE,
        seconds: float = STORE_SECONDS,
    ) -> int:
        """Delete in transactions of `limit` rows until none is left; answers how many were.

        `at_most(limit)` is the unit of work: it deletes so many at the most, and answers how many.
        """
        removed = 0
        while True:
            found = await self.run(tenant, at_most(limit), seconds=seconds)
            removed += found
            if found < limit:
                return removed
