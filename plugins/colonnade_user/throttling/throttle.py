"""Throttle: admits an attempt, or refuses it with the time to wait.

Counters are in the academy's store, so that replicas share them. Attempts under way are counted in
the process besides: they may all fail, so no more of them run at once than are free, and beyond
that one after the other.
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
from colonnade_user.throttling.counters import (
    Counter,
    Reading,
    raise_counters,
    read_counters,
    spend_counters,
)

UNDER_WAY_WAIT = 1.0
"""Seconds to wait when only attempts under way prevent another."""


def client_network(call: Call) -> str:
    """Network that is counted for this call; empty for a service, and where none is known."""
    if call.context.principal.kind is PrincipalKind.SERVICE:
        return ""
    return network_of(call.context.client)


class Throttle:
    """Throttle of one process, for all its academies."""

    def __init__(self, ctx: UserContext) -> None:
        self._ctx = ctx
        self._under_way: Tally[tuple[str, Counter]] = Tally()

    @property
    def config(self) -> ThrottleConfig:
        """Declared allowances."""
        return self._ctx.config.throttle

    @contextmanager
    def attempt(self, readings: Mapping[Counter, Reading]) -> Iterator[None]:
        """Admit an attempt for the block, by the counters that `read_counters` has just read.

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
        """Read the state of each counter."""
        if not counters:
            return {}
        return await self._ctx.store.read(partial(read_counters, counters=counters))

    async def count(self, counters: Sequence[Counter]) -> None:
        """Count one more attempt of each."""
        if counters:
            maximum = self.config.maximum_rows
            await self._run(partial(raise_counters, counters=counters, maximum_rows=maximum))

    async def spend(self, counters: Sequence[Counter]) -> None:
        """Count an attempt that counts whatever its outcome.

        Raises:
            TooManyRequests: with `Retry-After`; it was not counted, and must not be made.
        """
        if not counters:
            return
        maximum = self.config.maximum_rows

        def work(session: Session) -> None:
            _refuse_within(spend_counters(session, counters, maximum))

        await self._run(work)

    async def _run(self, work: Callable[[Session], None]) -> None:
        # As the service itself: no decision about the caller covers these rows.
        with self._ctx.as_service():
            await self._ctx.store.run(work)

    def _admit(self, tenant: str, readings: Mapping[Counter, Reading]) -> None:
        _refuse_within(max((reading.wait for reading in readings.values()), default=0.0))
        for counter, reading in readings.items():
            # At least one at a time, or an exhausted counter would never admit another attempt.
            free = max(1.0, counter.allowance.free - reading.level)
            if self._under_way[tenant, counter] >= free:
                _refuse_within(UNDER_WAY_WAIT)


def _refuse_within(seconds: float) -> None:
    if seconds <= 0:
        return
    whole = max(1, math.ceil(seconds))
    raise TooManyRequests(
        f"There were too many attempts; try again in {whole} s.",
        details={"retry_after": whole},
        headers={"Retry-After": str(whole)},
    )
