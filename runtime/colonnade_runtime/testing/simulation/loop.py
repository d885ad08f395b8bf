"""An event loop without a machine: one per simulated process, all on one timeline."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextlib import suppress
from contextvars import Context, copy_context
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from colonnade_runtime.testing.simulation.fault_injection import FaultInjection
from colonnade_runtime.testing.simulation.timeline import Timeline

T = TypeVar("T")

Hook = Callable[[dict[str, Any]], None]


class ProcessEnded(BaseException):
    """Raised where a simulated process dies; nothing of it runs after that."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """Event loop in virtual time; blocking work runs inline, a hop later.

    `complain` is told what a real loop would log.
    """

    def __init__(
        self, name: str, timeline: Timeline, chance: FaultInjection, complain: Hook
    ) -> None:
        # The base asks while it is made; nothing may be scheduled yet.
        self.is_dead = True
        super().__init__()
        self.name = name
        self.timeline = timeline
        self.chance = chance
        self.is_dead = False
        self._complain = complain
        self._tasks: WeakKeyDictionary[asyncio.Task[Any], Context] = WeakKeyDictionary()
        self._queues: dict[int, float] = {}

    def time(self) -> float:
        return self.timeline.now

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        if not self.is_dead:
            self.timeline.soon(self, handle)
        return handle

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        return self.call_later(self.chance.hop(), callback, *args, context=context)

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self.timeline.now + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        if not self.is_dead:
            self.timeline.at(when, self, handle)
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """The timeline passes it over."""

    def post(self, delay: float, callback: Callable[..., object], *args: Any) -> None:
        """Call something on this loop from outside its process: nothing of the caller's context
        may leak into it, as nothing would through a wire."""
        self.call_later(delay, callback, *args, context=Context())

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self,
        coro: Coroutine[Any, Any, T],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:
        context = context or copy_context()
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks[task] = context
        return task

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        future: asyncio.Future[T] = self.create_future()
        # One after the other, as on a single thread: some executors promise that.
        due = max(self.timeline.now + self.chance.hop(), self._queues.get(id(executor), 0.0))
        self._queues[id(executor)] = due
        self.call_at(due, self._carry_out, future, func, args)
        return future

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return not self.is_dead

    def is_closed(self) -> bool:
        return self.is_dead

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self.is_dead:
            self._complain(context)

    def die(self) -> None:
        """End this loop: nothing of it runs again."""
        self.is_dead = True

    def bury(self) -> None:
        """Throw the tasks away; what they had taken hold of must be closed by now."""
        for task, context in list(self._tasks.items()):
            if not task.done():
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                with suppress(BaseException):
                    context.run(task.get_coro().close)
        self._tasks.clear()

    def _carry_out(
        self, future: asyncio.Future[T], func: Callable[..., T], args: tuple[Any, ...]
    ) -> None:
        if future.done():
            return
        try:
            result = func(*args)
        except ProcessEnded:
            return
        except BaseException as error:
            if not future.done():
                future.set_exception(error)
        else:
            if not future.done():
                self.call_soon_threadsafe(_settle, future, result)


def _settle(future: asyncio.Future[T], result: T) -> None:
    if not future.done():
        future.set_result(result)
