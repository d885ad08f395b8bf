"""The throttle: lets an attempt in, or says how long to wait.

What was counted is in the academy's store, so that replicas share it. Attempts that are under way
are counted in the process besides: they may all fail, so no more of them run at once than are
free, and beyond that one after the other.
"""

import math
from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from colonnade.context import PrincipalKind, current_context
from colonnade.errors import TooManyRequests
from colonnade.operations import Call
from colonnade.store import Session
from colonnade_user.config import UserContext
from colonnade_user.throttling.allowances import ThrottleConfig
from colonnade_user.throttling.client_networks import network_of
from colonnade_user.throttling.counters import Counter, Reading, raise_counters, read_counters

UNDER_WAY = 1.0
"""Seconds after which to come back when only attempts under way are in the way."""


def client_network(call: Call) -> str:
    """The network that is counted for this call; empty for a service, and where none is known."""
    if call.context.principal.kind is PrincipalKind.SERVICE:
        return ""
    return network_of(call.context.client)


class Throttle:
    """Counts for the academies of one process."""

    def __init__(self, ctx: UserContext) -> None:
        self._ctx = ctx
        self._under_way: Tally[tuple[str, Counter]] = Tally()

    @property
    def config(self) -> ThrottleConfig:
        """The declared numbers."""
        return self._ctx.config.throttle

    @contextmanager
    def attempt(self, readings: Mapping[Counter, Reading]) -> Iterator[None]:
        """Let an attempt in for the block, which `read_counters` has just found to stand so.

        Raises:
            TooManyRequests: with `Retry-After`; nothing was tried.
        """
        tenant = current_context().tenant
        self._admit(tenant, readings)
        mine = Tally((tenant, counter) for counter in readings)
        self._under_way.update(mine)
        try:
            yield
        finally:
            self._under_way.subtract(mine)
            for key in mine:
                if self._under_way[key] <= 0:
                    del self._under_way[key]

    async def read(self, counters: Sequence[Counter]) -> Mapping[Counter, Reading]:
        """How they stand now."""
        if not counters:
            return {}
        return await self._ctx.store.read(partial(read_counters, counters=counters))

    async def count(self, counters: Sequence[Counter]) -> None:
        """Count one attempt more of each."""
        if counters:
            maximum = self.config.maximum_rows
            await self._run(partial(raise_counters, counters=counters, maximum_rows=maximum))

    async def spend(self, counters: Sequence[Counter]) -> None:
        """Count an attempt that counts however it ends.

        Raises:
            TooManyRequests: with `Retry-After`; it was not counted, and must not be made.
        """
        if not counters:
            return
        maximum = self.config.maximum_rows

        def work(session: Session) -> None:
            waits = (reading.wait for reading in read_counters(session, counters).values())
            _refuse_within(max(waits))
            raise_counters(session, counters, maximum)

        await self._run(work)

    async def _run(self, work: Callable[[Session], None]) -> None:
        # The service counts for itself: no decision about the caller covers these rows.
        with self._ctx.as_service():
            await self._ctx.store.run(work)

    def _admit(self, tenant: str, readings: Mapping[Counter, Reading]) -> None:
        _refuse_within(max((reading.wait for reading in readings.values()), default=0.0))
        for counter, reading in readings.items():
            free = max(1.0, counter.allowance.free - reading.level)
            if self._under_way[tenant, counter] >= free:
                _refuse_within(UNDER_WAY)


def _refuse_within(seconds: float) -> None:
    if seconds <= 0:
        return
    whole = max(1, math.ceil(seconds))
    raise TooManyRequests(
        f"There were too many attempts; try again in {whole} s.",
        details={"retry_after": whole},
        headers={"Retry-After": str(whole)},
    )
