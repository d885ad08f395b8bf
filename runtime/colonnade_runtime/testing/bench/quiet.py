"""Quiet: when the background work of a bench has nothing left to do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from colonnade_runtime.assembly.background import ProcessBackground
from colonnade_runtime.testing.bench.clock import BenchClock

LOOKING_SECONDS = 0.002
"""How long to wait between two looks."""

SOON_SECONDS = 1.0
"""A saga step that is due within this time counts as due while the clock runs: it is a retry."""


async def until(
    holds: Callable[[], Awaitable[bool]], seconds: float, left: Callable[[], str]
) -> None:
    """Look again and again until something holds.

    Raises:
        AssertionError: when it does not within `seconds`, saying what is `left`.
    """
    try:
        async with asyncio.timeout(seconds):
            # Whatever changes the answer is in stores and threads, which set no event.
            while not await holds():  # noqa: ASYNC110
                await asyncio.sleep(LOOKING_SECONDS)
    except TimeoutError:
        raise AssertionError(f"After {seconds:g} seconds, {left()}.") from None


class Quiet:
    """Finds what is left to do: events that wait in an outbox, reactions that run, sagas with a
    step that is due. What is due later is not left: move the clock."""

    def __init__(
        self, background: ProcessBackground, clock: BenchClock, tenants: Sequence[str]
    ) -> None:
        self._works = background.works()
        self._clock = clock
        self._tenants = tenants
        self.left: list[str] = []

    async def holds(self) -> bool:
        """Tell whether nothing is left, and nothing moved while that was found out."""
        before = self._moved()
        self.left = [found async for found in self._busy()]
        return not self.left and before == self._moved()

    async def _busy(self) -> AsyncIterator[str]:
        soon = 0.0 if self._clock.stands else SOON_SECONDS
        for service, work in self._works.items():
            for tenant in self._tenants:
                if (await work.relay.status(tenant)).pending:
                    yield f"events of '{service}' wait in the outbox of '{tenant}'"
                if await work.sagas.is_busy(tenant, within=soon):
                    yield f"sagas of '{service}' go on in '{tenant}'"

    def _moved(self) -> list[int]:
        """Counters that a hop from one service to another changes."""
        works = self._works.values()
        return [
            count
            for work in works
            for count in (work.relay.published, work.delivery.counts.handled)
        ]
