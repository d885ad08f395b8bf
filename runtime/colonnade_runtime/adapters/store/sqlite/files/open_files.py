"""The files that are open: the least recently used idle one is closed for the next."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from pathlib import Path

from colonnade.background_tasks import background_task
from colonnade.errors import Unavailable
from colonnade_runtime.adapters.store.sqlite.files.tenant_file import TenantFile

DEFAULT_MAXIMUM_OPEN = 64


class OpenFiles:
    """Open files by path, at most `maximum` of them as long as enough are idle.

    Several stores may share one, so that the limit holds for a process. Used from one event
    loop; opening and closing happen on `executor`. `opened` counts files since the start, `evicted`
    those that were closed to make room.
    """

    def __init__(self, executor: Executor, *, maximum: int = DEFAULT_MAXIMUM_OPEN) -> None:
        if maximum < 1:
            raise ValueError("At least one file must be allowed to be open.")
        self._executor = executor
        self._maximum = maximum
        self._files: OrderedDict[Path, TenantFile] = OrderedDict()
        self._opening: dict[Path, asyncio.Task[TenantFile]] = {}
        self._closing: dict[Path, asyncio.Future[None]] = {}
        self.opened = 0
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._files)

    def peek(self, path: Path) -> TenantFile | None:
        """The file if it is open; never waits."""
        file = self._files.get(path)
        if file is not None:
            self._files.move_to_end(path)
        return file

    def look(self, path: Path) -> TenantFile | None:
        """The file if it is open; that is no use of it."""
        return self._files.get(path)

    async def get(self, path: Path, opened: Callable[[], Awaitable[TenantFile]]) -> TenantFile:
        """The open file, with `users` already counting the caller.

        `opened` runs once for any number of callers, and goes on when they give up waiting.
        """
        # It may be closed again before a waiter gets to run: then it is opened once more.
        while (file := self.peek(path)) is None:
            task = self._opening.get(path)
            if task is None:
                task = background_task(self._open(path, opened), name=f"open {path}")
                self._opening[path] = task
                task.add_done_callback(_retrieve)
            await self._opened(task)
        file.users += 1
        return file

    def release(self, file: TenantFile) -> None:
        """Say that the caller is done with a file."""
        file.users -= 1
        if file.users == 0 and (file.unsure or len(self._files) > self._maximum):
            self._close_idle()

    def close_unsure(self) -> None:
        """Close the idle files that are in doubt, so that they are opened anew."""
        self._close_idle()

    async def close(self, chosen: Callable[[Path], bool] = lambda path: True) -> None:
        """Close the files that are `chosen`; whoever uses one must have stopped.

        A file in which a write goes on all the same is left as it is: to close a connection while
        a thread runs a statement on it ends the process.
        """
        for path, task in list(self._opening.items()):
            if chosen(path):
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                # A task that never started has not removed itself.
                self._opening.pop(path, None)
        for path in [path for path in self._files if chosen(path)]:
            if self._files[path].writes.is_busy:
                del self._files[path]
            else:
                self._close(path)
        await self.settled()

    def abandon(self) -> None:
        """Close every file at once, in whatever state it is; nothing may use them any more."""
        for file in self._files.values():
            if file.writes.is_busy:
                file.drop_reader()
            else:
                file.close()
        self._files.clear()

    async def settled(self) -> None:
        """Wait until the files that are being closed are closed."""
        await asyncio.gather(*self._closing.values())

    async def _open(self, path: Path, opened: Callable[[], Awaitable[TenantFile]]) -> TenantFile:
        try:
            closing = self._closing.get(path)
            if closing is not None:
                await asyncio.wait([closing])
            # Before this task is done, so that whoever waited for it finds the file.
            file = self._files[path] = await opened()
            self.opened += 1
        finally:
            self._opening.pop(path, None)
        self._close_idle()
        return file

    async def _opened(self, task: asyncio.Task[TenantFile]) -> None:
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            waiting = asyncio.current_task()
            if task.cancelled() and waiting is not None and not waiting.cancelling():
                raise Unavailable("The store was closed while it was being opened.") from None
            raise

    def _close_idle(self) -> None:
        surplus = len(self._files) - self._maximum
        # The newest was opened for somebody who is about to use it.
        newest = next(reversed(self._files), None)
        for path, file in list(self._files.items()):
            if file.users or (path == newest and not file.unsure):
                continue
            if file.unsure or surplus > 0:
                self.evicted += not file.unsure
                self._close(path)
                surplus -= 1

    def _close(self, path: Path) -> None:
        file = self._files.pop(path)
        loop = asyncio.get_running_loop()
        closing = loop.run_in_executor(self._executor, file.close)
        self._closing[path] = closing
        closing.add_done_callback(lambda _: self._closing.pop(path, None))


def _retrieve(task: asyncio.Task[TenantFile]) -> None:
    """Keep a failure that nobody waits for any more out of the loop's complaints."""
    if not task.cancelled():
        task.exception()
