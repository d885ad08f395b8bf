"""Start of a process of `colonnade up`: forked where that can be, else a Python of its own."""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence

from colonnade_runtime.resilience.end_with_parent import end_with_parent
from colonnade_runtime.serve.forking.fork_client import ForkClient, ForkRefused
from colonnade_runtime.serve.forking.forked_process import ChildProcess, ForkedProcess
from colonnade_runtime.serve.forking.orders import Order
from colonnade_runtime.serve.heartbeat import VARIABLE

PROGRAM = (sys.executable, "-m", "colonnade_runtime")


class ProcessStarter:
    """Starts processes; once one could not be forked, none is any more."""

    def __init__(
        self, forks: ForkClient | None = None, *, tell: Callable[[str], None] | None = None
    ) -> None:
        """`tell` is called with the reason, once, when processes are not forked any more."""
        self._forks = forks
        self._tell = tell

    async def start(self, command: Sequence[str], heartbeat: int) -> ChildProcess:
        """Start `command`, which writes to a pipe of ours and its heartbeats to `heartbeat`.

        Raises:
            OSError: the system starts no process.
        """
        forks = self._forks
        if forks is not None and tuple(command[: len(PROGRAM)]) == PROGRAM:
            try:
                return await _forked(forks, command[len(PROGRAM) :], heartbeat)
            except ForkRefused as refused:
                self._give_up(str(refused))
        return await _executed(command, heartbeat)

    def close(self) -> None:
        """End what was kept for further processes."""
        if self._forks is not None:
            self._forks.close()

    def _give_up(self, why: str) -> None:
        self._forks = None
        if self._tell is not None:
            self._tell(why)
            self._tell = None


async def _forked(forks: ForkClient, words: Sequence[str], heartbeat: int) -> ForkedProcess:
    reading, writing = os.pipe()
    try:
        stdout = await _reader(reading)
        return await forks.fork(Order(list(words), VARIABLE), (writing, heartbeat), stdout)
    finally:
        os.close(writing)


async def _reader(descriptor: int) -> asyncio.StreamReader:
    stream = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(stream)
    pipe = os.fdopen(descriptor, "rb")
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
    return stream


async def _executed(command: Sequence[str], heartbeat: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        # Of its own: Ctrl+C here is ours to hand on, in order.
        start_new_session=True,
        preexec_fn=end_with_parent,
        pass_fds=(heartbeat,),
        env={**os.environ, VARIABLE: str(heartbeat)},
    )
