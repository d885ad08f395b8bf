"""A child that this process did not start itself, to be treated like one of `asyncio`'s."""

import asyncio
import os
import signal
from collections.abc import Awaitable
from typing import Protocol


class ChildProcess(Protocol):
    """The part of `asyncio.subprocess.Process` that is used of a child."""

    @property
    def pid(self) -> int:
        """The process's number."""
        ...

    @property
    def returncode(self) -> int | None:
        """The exit code, or the negative number of the signal that ended it; none before."""
        ...

    @property
    def stdout(self) -> asyncio.StreamReader | None:
        """Output of the process, errors included."""
        ...

    def wait(self) -> Awaitable[int]:
        """Wait for the end, and answer its code."""
        ...

    def send_signal(self, signal: int) -> None:
        """Send a signal, unless it has ended."""
        ...

    def terminate(self) -> None:
        """Ask it to stop."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


class ForkedProcess:
    """A child by its pidfd (pidfd_open(2)), which tells of its end and cannot mean another."""

    def __init__(self, pid: int, stdout: asyncio.StreamReader) -> None:
        """Watch a child; called within a loop.

        Raises:
            OSError: the system has no descriptors left.
        """
        self.pid = pid
        self.stdout: asyncio.StreamReader | None = stdout
        self.returncode: int | None = None
        self._ended = asyncio.Event()
        self._descriptor = os.pidfd_open(pid)
        asyncio.get_running_loop().add_reader(self._descriptor, self._reap)

    async def wait(self) -> int:
        """Wait for the end, and answer its code."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, signal: int) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            _send(self._descriptor, signal)

    def terminate(self) -> None:
        """Ask it to stop."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._descriptor)
        os.close(self._descriptor)
        _, status = os.waitpid(self.pid, 0)
        self.returncode = os.waitstatus_to_exitcode(status)
        self._ended.set()


def _send(descriptor: int, number: int) -> None:
    signal.pidfd_send_signal(descriptor, number)
