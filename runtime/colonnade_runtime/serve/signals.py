"""Signals: an orderly stop, an immediate stop, and reload."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from colonnade_runtime.observability.output import drain_output

AT_ONCE_SECONDS = 0.2
"""Seconds that an immediate stop waits for its log lines to be taken."""

STOPPED_AT_ONCE = 130
"""The exit code after a second signal, as a shell gives for Ctrl+C."""


class Signals:
    """SIGTERM and SIGINT ask to stop; a second one stops at once. SIGHUP asks to reload.

    `on_stop` is called at the first of the former. A SIGHUP that comes before `ready` is
    carried out then.
    """

    def __init__(self, reload: Callable[[], Awaitable[bool]], on_stop: Callable[[], None]) -> None:
        self.stopped = asyncio.Event()
        self._on_stop = on_stop
        self._reload = reload
        self._ready = asyncio.Event()
        self._reloading: set[asyncio.Task[None]] = set()

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Listen to signals for the block."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        try:
            yield
        finally:
            for task in self._reloading:
                task.cancel()
            # SIGTERM and SIGINT stay: asked twice while the last things close, stop at once.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def ready(self) -> None:
        """Carry out reloads from now on."""
        self._ready.set()

    async def unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Await `work`; return False when a signal asked to stop first and it was cancelled.

        Raises:
            Exception: what `work` raises.
        """
        task = asyncio.create_task(work, name="start")
        waiting = asyncio.create_task(self.stopped.wait(), name="stop signal")
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
        if task.cancelled():
            return False
        await task
        return not self.stopped.is_set()

    def _stop(self) -> None:
        if self.stopped.is_set():
            # Whoever asks twice means now; what was said until then may still be read.
            drain_output(AT_ONCE_SECONDS)
            os._exit(STOPPED_AT_ONCE)
        self.stopped.set()
        self._on_stop()

    def _hang_up(self) -> None:
        task = asyncio.create_task(self._reload_when_ready(), name="reload on SIGHUP")
        self._reloading.add(task)
        task.add_done_callback(self._reloading.discard)

    async def _reload_when_ready(self) -> None:
        await self._ready.wait()
        await self._reload()
