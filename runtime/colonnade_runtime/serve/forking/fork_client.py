"""The fork server as `colonnade up` sees it: begun before there are threads, then given orders."""

import asyncio
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from colonnade_runtime.serve.forking.fork_server import serve_forks
from colonnade_runtime.serve.forking.forked_process import ForkedProcess
from colonnade_runtime.serve.forking.forked_program import Program
from colonnade_runtime.serve.forking.orders import LARGEST, Answer, Order, encode, read_answer

_PR_SET_CHILD_SUBREAPER = 36
_ENDED = "the fork server has ended"


class ForkRefused(Exception):
    """Refusal to fork a process; its words say why, as the end of a sentence."""


class ForkClient:
    """Orders processes of one fork server, one at a time, until it refuses or is gone."""

    def __init__(self, control: socket.socket, pid: int, seconds: float) -> None:
        """`seconds` is how long an answer may take; the first waits for all imports."""
        self._seconds = seconds
        self._control = control
        self._control.setblocking(False)
        self._pid = pid
        self._one_at_a_time = asyncio.Lock()
        self._gone = ""

    @property
    def serves(self) -> bool:
        """True until an order was refused."""
        return not self._gone

    async def fork(
        self, order: Order, descriptors: Sequence[int], stdout: asyncio.StreamReader
    ) -> ForkedProcess:
        """Start a process that has copies of `descriptors`, and whose output comes to `stdout`.

        Raises:
            ForkRefused: none was started, and none will be.
        """
        async with self._one_at_a_time:
            if self._gone:
                raise ForkRefused(self._gone)
            with _adopting_orphans():
                answer = await self._answered(order, descriptors)
            if answer.pid:
                return _watched(answer.pid, stdout)
            self._gone = answer.refusal
            self.close()
            raise ForkRefused(self._gone)

    def close(self) -> None:
        """End the fork server, if it has not ended; its processes go on."""
        if self._pid == 0:
            return
        self._gone = self._gone or _ENDED
        self._control.close()
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)
        self._pid = 0

    async def _answered(self, order: Order, descriptors: Sequence[int]) -> Answer:
        try:
            socket.send_fds(self._control, [encode(order)], descriptors)
            async with asyncio.timeout(self._seconds):
                data = await asyncio.get_running_loop().sock_recv(self._control, LARGEST)
        except TimeoutError:
            data = self._last_answer()
        except OSError as error:
            return Answer(refusal=f"the fork server cannot be asked: {error.strerror}")
        return read_answer(data) if data else Answer(refusal=_ENDED)

    def _last_answer(self) -> bytes:
        """The answer that came in the moment in which it was waited for no longer: two processes
        in one place would be worse than a late one."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)
        with suppress(OSError):
            return self._control.recv(LARGEST)
        return b""


def begin_fork_server(preload: Callable[[], None], program: Program, seconds: float) -> ForkClient:
    """Fork the fork server from this process, which has no thread and no loop yet.

    Raises:
        ForkRefused: this system cannot have one.
    """
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        raise ForkRefused("this system cannot give a forked process to another parent")
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        pid = os.fork()
    except OSError as error:
        ours.close()
        theirs.close()
        raise ForkRefused(f"it could not be forked: {error.strerror}") from None
    if pid == 0:
        serve_forks(theirs, parent, preload, program)
    theirs.close()
    return ForkClient(ours, pid, seconds)


def _watched(pid: int, stdout: asyncio.StreamReader) -> ForkedProcess:
    try:
        return ForkedProcess(pid, stdout)
    except OSError:
        # Nobody would look after it.
        os.kill(pid, signal.SIGKILL)
        raise


@contextmanager
def _adopting_orphans() -> Iterator[None]:
    """For the block, be the parent of descendants whose own has ended.

    No longer: what a killed process leaves behind is for the system, which waits for its end.
    """
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 0)
