"""Turns at a few places: in rotation over academies, and within one over its people."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from colonnade.errors import Unavailable

Person = tuple[str, str]
"""A tenant and who acts in it."""

_People = OrderedDict[str, deque[asyncio.Future[None]]]


class Turns:
    """`places` that are held at once, one of them always by another academy than the others.

    At most `waiting` wait: half of them of one academy, a quarter of one person, so that nobody
    fills it for the rest.
    """

    def __init__(self, places: int, waiting: int) -> None:
        self._places = places
        self._share = max(1, places - 1)
        self._limits = (waiting, max(1, waiting // 2), max(1, waiting // 4))
        self._waiting: OrderedDict[str, _People] = OrderedDict()
        self._held: dict[str, int] = {}

    @property
    def waiting(self) -> int:
        """Number of those that wait."""
        return sum(map(_count, self._waiting.values()))

    @asynccontextmanager
    async def turn(self, tenant: str, person: str) -> AsyncIterator[None]:
        """Hold a place for the block.

        Raises:
            Unavailable: when too many wait; nothing was done.
        """
        turn = self._enter(tenant, person)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave(tenant)
            raise
        try:
            yield
        finally:
            self._leave(tenant)

    def _enter(self, tenant: str, person: str) -> asyncio.Future[None]:
        people = self._waiting.get(tenant, OrderedDict())
        counts = (self.waiting, _count(people), len(people.get(person, ())))
        if any(count >= limit for count, limit in zip(counts, self._limits, strict=True)):
            raise Unavailable(
                "Too much work of this kind is waiting; try again.", details={"retry_after": 1}
            )
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant, people).setdefault(person, deque()).append(turn)
        self._give()
        return turn

    def _leave(self, tenant: str) -> None:
        self._held[tenant] -= 1
        if not self._held[tenant]:
            del self._held[tenant]
        self._give()

    def _give(self) -> None:
        while sum(self._held.values()) < self._places:
            tenant = next((each for each in self._waiting if self._may_hold(each)), None)
            if tenant is None:
                return
            turn = self._next(tenant)
            # Whoever gave up while waiting is passed over.
            if not turn.done():
                self._held[tenant] = self._held.get(tenant, 0) + 1
                turn.set_result(None)

    def _may_hold(self, tenant: str) -> bool:
        return self._held.get(tenant, 0) < self._share

    def _next(self, tenant: str) -> asyncio.Future[None]:
        """The academy's next turn; it and the person go to the end of their rows."""
        people = self._waiting.pop(tenant)
        person, turns = people.popitem(last=False)
        turn = turns.popleft()
        if turns:
            people[person] = turns
        if people:
            self._waiting[tenant] = people
        return turn


def _count(people: _People) -> int:
    return sum(1 for turns in people.values() for turn in turns if not turn.done())
