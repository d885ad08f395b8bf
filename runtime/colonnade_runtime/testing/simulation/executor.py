"""Threads without threads: what is given to them runs inline, a hop later."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

from colonnade_runtime.testing.simulation.loop import ProcessEnded, SimulatedLoop

T = TypeVar("T")


class SimulatedExecutor(Executor):
    """Executor of any number of threads: what is submitted together may run in any order."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self._loop = loop
        self._is_down = False

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run `fn` a hop later.

        Raises:
            RuntimeError: after `shutdown`, as any executor.
        """
        if self._is_down:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[T] = Future()
        self._loop.call_later(self._loop.chance.hop(), _carry_out, future, fn, args, kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take nothing more."""
        self._is_down = True


def _carry_out(
    future: Future[T], fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = fn(*args, **kwargs)
    except ProcessEnded:
        return
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)
