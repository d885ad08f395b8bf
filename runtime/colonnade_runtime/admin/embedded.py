"""A platform's services in the process of a command, without an HTTP listener.

It owns the admin socket like any running platform, so what a command does is the same either
way, and nobody else opens the files meanwhile.
"""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial

import click

from colonnade_runtime.adapters.disk.private_files import keep_files_private
from colonnade_runtime.admin.running import administered
from colonnade_runtime.assembly.declared import Declared
from colonnade_runtime.process.runtime import Runtime

MARGIN = 5.0
"""Seconds beyond `shutdown.total` after which a stop is no longer waited for."""


@contextmanager
def embedded(declared: Declared, purpose: str) -> Iterator[None]:
    """Run the services in a thread for the block.

    Raises:
        AlreadyRuns: another process works on this platform.
        ConfigurationError: what is declared cannot run.
    """
    life = _Life()
    thread = threading.Thread(
        target=life.live, args=(declared, purpose), name="embedded platform", daemon=True
    )
    thread.start()
    try:
        life.started.result()
        yield
    finally:
        life.stop()
        thread.join(float(declared.loaded.platform.shutdown.total) + MARGIN)


class _Life:
    """One run of a platform in a thread."""

    def __init__(self) -> None:
        self.started: Future[None] = Future()
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()

    def live(self, declared: Declared, purpose: str) -> None:
        """The thread's whole work."""
        try:
            self._loop.run_until_complete(self._run(declared, purpose))
        except BaseException as error:
            if not self.started.done():
                self.started.set_exception(error)
        finally:
            self._loop.close()

    def stop(self) -> None:
        """Ask it to end. May be called from another thread, also when it has ended."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)

    async def _run(self, declared: Declared, purpose: str) -> None:
        keep_files_private(declared.loaded)
        runtime = Runtime(declared, announce=partial(click.echo, err=True))
        async with administered(runtime, purpose) as administration:
            await runtime.start()
            try:
                administration.open()
                self.started.set_result(None)
                await self._stopping.wait()
            finally:
                await administration.close()
                total = float(declared.loaded.platform.shutdown.total)
                await asyncio.wait_for(runtime.stop(), total)
