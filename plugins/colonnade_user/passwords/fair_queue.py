"""Fair queue: academies take turns, so that one with many waiting delays no other.

Round-robin by academy rather than first come, first served: a flood of sign-ins to one academy
fills its own line only.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from colonnade.errors import Unavailable

RETRY_AFTER = 2
"""Seconds after which a refused client may try again."""


class FairQueue:
    """Queue that admits `at_once` at a time, round-robin by academy, in order within one.

    At most `maximum_waiting` of an academy wait, however many of others do.
    """

    def __init__(self, *, at_once: int, maximum_waiting: int) -> None:
        self._free = at_once
        self._maximum_waiting = maximum_waiting
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, tenant: str) -> AsyncIterator[None]:
        """Wait for a turn, and have it for the block.

        Raises:
            Unavailable: too many of this academy wait already.
        """
        await self._enter(tenant)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, tenant: str) -> None:
        if self._free > 0:
            self._free -= 1
            return
        turn = self._line_up(tenant)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                # The turn was given at the moment of the cancellation: pass it on.
                self._leave()
            else:
                self._step_out(tenant, turn)
            raise

    def _line_up(self, tenant: str) -> "asyncio.Future[None]":
        line = self._waiting.setdefault(tenant, deque())
        if len(line) >= self._maximum_waiting:
            raise Unavailable(
                "Too many people sign in at this moment; try again in a few seconds.",
                details={"retry_after": RETRY_AFTER},
                headers={"Retry-After": str(RETRY_AFTER)},
            )
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(turn)
        return turn

    def _step_out(self, tenant: str, turn: "asyncio.Future[None]") -> None:
        line = self._waiting.get(tenant)
        if line is not None and turn in line:
            line.remove(turn)
            if not line:
                del self._waiting[tenant]

    def _leave(self) -> None:
        while self._waiting:
            tenant, line = self._waiting.popitem(last=False)
            turn = line.popleft()
            if line:
                # Behind every other academy that waits.
                self._waiting[tenant] = line
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
