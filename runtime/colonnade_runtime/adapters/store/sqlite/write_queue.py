"""The queue of one tenant's file: units of work wait here, and go together."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from colonnade.errors import Unavailable
from colonnade_runtime.adapters.store.sqlite.write_unit import AnyUnit

MAXIMUM_TOGETHER = 64
"""Units of work in one transaction."""

ROUNDS = 16
"""Transactions in a row before a thread lets other files have their turn."""

RunUnits = Callable[[Sequence[AnyUnit]], Sequence[AnyUnit]]
"""Gives each unit its outcome, on a thread; answers those that are still to be done."""

Told = Callable[[Sequence[AnyUnit]], None]
"""Told on the loop of units that have their outcome."""


class WriteQueue:
    """Units of work of one file, carried out by one thread at a time.

    `put` is called on the loop. A unit that lingers waits for others to go with; when its time is
    over it goes by itself.
    """

    def __init__(self, executor: Executor, run: RunUnits, told: Told) -> None:
        self._executor = executor
        self._run = run
        self._told = told
        self._lock = threading.Lock()
        self._waiting: deque[AnyUnit] = deque()
        self._lingering: dict[AnyUnit, asyncio.TimerHandle] = {}
        self._is_busy = False
        self._idle: asyncio.Future[None] | None = None

    @property
    def is_busy(self) -> bool:
        """True while a thread has the file. May be asked from any thread."""
        return self._is_busy

    def put(self, unit: AnyUnit, linger: float = 0.0) -> None:
        """Queue a unit of work.

        Raises:
            Unavailable: no thread takes anything any more.
        """
        loop = asyncio.get_running_loop()
        with self._lock:
            if linger > 0:
                self._lingering[unit] = loop.call_later(linger, self._linger_no_more, unit)
                unit.lingers = True
                return
            self._waiting.append(unit)
            if self._is_busy:
                return
            self._is_busy = True
        self._start(loop)

    async def emptied(self) -> None:
        """Wait until no thread has the file any more."""
        while self._is_busy:
            if self._idle is None:
                self._idle = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._idle)

    def hurry(self) -> None:
        """Let nobody linger any longer."""
        for unit in list(self._lingering):
            self._linger_no_more(unit)

    def _linger_no_more(self, unit: AnyUnit) -> None:
        with self._lock:
            timer = self._lingering.pop(unit, None)
            if timer is None:
                return
            timer.cancel()
            unit.lingers = False
            self._waiting.append(unit)
            if self._is_busy:
                return
            self._is_busy = True
        try:
            self._start(asyncio.get_running_loop())
        except Unavailable as error:
            unit.failed(error)
            self._tell([unit])

    def _tell(self, units: Sequence[AnyUnit]) -> None:
        self._told(units)
        if not self._is_busy and self._idle is not None:
            self._idle.set_result(None)
            self._idle = None

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._executor.submit(self._carry_out, loop)
        except RuntimeError as error:
            with self._lock:
                self._is_busy = False
                self._waiting.clear()
            raise Unavailable("The store is closed.") from error

    def _carry_out(self, loop: asyncio.AbstractEventLoop) -> None:
        units = self._next(loop)
        for _ in range(ROUNDS):
            if not units:
                return
            left = self._run(units)
            done = units[: len(units) - len(left)]
            # The file is given back before anybody hears of it: who hears may close it.
            units = self._next(loop, left)
            loop.call_soon_threadsafe(self._tell, done)
            del done, left
        if not units:
            # The file was given back in the last round: another thread may have it by now.
            return
        with self._lock:
            self._waiting.extendleft(reversed(units))
        try:
            self._executor.submit(self._carry_out, loop)
        except RuntimeError as error:
            self._refuse(loop, Unavailable("The store is closed."), error)

    def _next(self, loop: asyncio.AbstractEventLoop, left: Sequence[AnyUnit] = ()) -> list[AnyUnit]:
        with self._lock:
            self._waiting.extendleft(reversed(left))
            if not self._waiting:
                self._is_busy = False
                return []
            count = min(len(self._waiting), MAXIMUM_TOGETHER)
            units = [self._waiting.popleft() for _ in range(count)]
            while self._lingering and len(units) < MAXIMUM_TOGETHER:
                unit = next(iter(self._lingering))
                loop.call_soon_threadsafe(self._lingering.pop(unit).cancel)
                units.append(unit)
        return units

    def _refuse(
        self, loop: asyncio.AbstractEventLoop, error: Unavailable, cause: BaseException
    ) -> None:
        error.__cause__ = cause
        with self._lock:
            units = list(self._waiting)
            self._waiting.clear()
            self._is_busy = False
        for unit in units:
            unit.failed(error)
        loop.call_soon_threadsafe(self._tell, units)
