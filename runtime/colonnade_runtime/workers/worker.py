"""One worker as its parent sees it."""

import asyncio
import os
import signal
import sys
from contextlib import suppress

import msgspec

from colonnade.errors import InternalError, WorkEnded
from colonnade_runtime.workers.frames import (
    ANSWERS,
    BROKEN,
    LENGTH_BYTES,
    MAXIMUM_FRAME,
    AnswerFrame,
    CallFrame,
)

LOADING_SECONDS = 60.0
"""Seconds for a worker to start and to import the function's module."""

ENDING_SECONDS = 2.0

PASSED_ON = frozenset({"PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL", "VIRTUAL_ENV"})
"""Variables that a worker gets: it needs no secret, so it is given none."""


class Worker:
    """A process that does one call at a time; after one that it could not end, it is gone."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.calls = 0

    @classmethod
    async def start(cls, memory: int) -> "Worker":
        """A new one, which may take `memory` bytes."""
        environment = {name: text for name, text in os.environ.items() if name in PASSED_ON}
        environment["PYTHONPATH"] = os.pathsep.join(each for each in sys.path if each)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __package__, str(memory),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
            # A Ctrl-C in the terminal is its parent's to act on.
            start_new_session=True,
        )  # fmt: skip
        return cls(process)

    @property
    def is_alive(self) -> bool:
        """True when it can take a call; it may have been ended from outside."""
        if self._process.returncode is not None:
            return False
        try:
            # Asked of the system: the loop may not have heard of its end yet.
            options = os.WEXITED | os.WNOHANG | os.WNOWAIT
            return os.waitid(os.P_PID, self._process.pid, options) is None
        except ChildProcessError:
            return False

    async def perform(self, call: CallFrame, patience: float) -> AnswerFrame:
        """Run the call, within `patience` seconds beside its processor time.

        Raises:
            WorkEnded: it took more than it may, or crashed. The worker is gone.
            InternalError: the function cannot be loaded.
        """
        self.calls += 1
        try:
            async with asyncio.timeout(LOADING_SECONDS):
                await self._send(msgspec.msgpack.encode(call))
                await self._receive()
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            await self.kill()
            why = f"{call.module}.{call.name} cannot be loaded by a worker."
            raise InternalError(BROKEN, reason=why) from None
        try:
            async with asyncio.timeout(patience):
                frame = await self._receive()
        except TimeoutError:
            await self.kill()
            raise _ended("time") from None
        except asyncio.IncompleteReadError:
            raise _ended(await self._reason()) from None
        if frame.raised == MemoryError.__name__:
            await self.kill()
            raise _ended("memory")
        return frame

    async def kill(self) -> None:
        """End it now."""
        with suppress(ProcessLookupError):
            self._process.kill()
        # Reads what is left: `wait` alone never returns where the rest of a large answer fills
        # the pipe (python/cpython#119710).
        await self._process.communicate()

    async def retire(self) -> None:
        """End it when it has nothing to do."""
        stdin = self._process.stdin
        assert stdin is not None
        stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDING_SECONDS):
                await self._process.wait()
                return
        await self.kill()

    async def _send(self, body: bytes) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(len(body).to_bytes(LENGTH_BYTES, "big") + body)
        await stdin.drain()

    async def _receive(self) -> AnswerFrame:
        stdout = self._process.stdout
        assert stdout is not None
        length = int.from_bytes(await stdout.readexactly(LENGTH_BYTES), "big")
        if length > MAXIMUM_FRAME:
            await self.kill()
            raise _ended("size")
        try:
            return ANSWERS.decode(await stdout.readexactly(length))
        except msgspec.DecodeError:
            await self.kill()
            raise _ended("crash") from None

    async def _reason(self) -> str:
        """Reason of an end of its own: its pipe is closed, so the process is about to be gone.

        It is waited for and not killed. `Popen.kill` polls before it signals; a process that
        ends just then gives its status to that poll, and asyncio, which comes too late for it,
        reports 255.
        """
        try:
            async with asyncio.timeout(ENDING_SECONDS):
                await self._process.communicate()
        except TimeoutError:
            await self.kill()
        return "time" if self._process.returncode == -signal.SIGPROF else "crash"


_SENTENCES = {
    "time": "This takes more work than is allowed.",
    "memory": "This takes more memory than is allowed.",
    "size": "This makes more than is allowed.",
    "crash": "This cannot be processed.",
}


def _ended(reason: str) -> WorkEnded:
    return WorkEnded(_SENTENCES[reason], details={"reason": reason})
