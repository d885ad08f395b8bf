"""A service's part of a data folder belongs to one process, or to the replicas of one; the kernel
frees the locks of those that die."""

import asyncio
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from colonnade.errors import ConfigurationError, Unavailable

LOCKS = "_locks"
"""The folder of lock files; no tenant and no service can be called so."""
MINIMUM_FREE_BYTES = 1_000_000
"""Below this a disk counts as full: not even one transaction is sure to fit."""


class FolderLocks:
    """One `fcntl` lock per service on a file in the folder, which also says who holds it.

    The lock is the kernel's, not the file's existence: after `kill -9` the file stays and the
    lock is gone. Processes that host different services may share a folder. Those that are
    `shared` share what they lock with each other, and with nobody else.
    """

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        self._folder = folder
        self._how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        self._handles: list[int] = []

    def acquire(self, services: Sequence[str]) -> None:
        """Lock what the services keep in the folder, which is made when it is not there.

        Blocks on the disk.

        Raises:
            ConfigurationError: when another process holds a lock, or the folder cannot be used.
        """
        try:
            for service in services:
                self._handles.append(_locked(self._folder, service, self._how))
        except OSError as error:
            raise ConfigurationError(
                f"{self._folder} cannot be used: {error.strerror}. Data is kept there: make it"
                " a folder that this account can write, on a disk with room."
            ) from None

    def release(self) -> None:
        """Give everything back; nothing happens when nothing is held."""
        while self._handles:
            os.close(self._handles.pop())


def _locked(folder: Path, service: str, how: int) -> int:
    place = folder / LOCKS
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(place / f"{service}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    except BlockingIOError:
        holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
        os.close(handle)
        who = f"the process {holder}" if holder else "another process"
        raise ConfigurationError(
            f"{folder} is in use by {who}, which hosts the service '{service}': stop it first, or"
            " name another folder under stores in platform.yaml."
        ) from None
    except OSError:
        os.close(handle)
        raise
    return handle


@asynccontextmanager
async def file_lock(path: Path, seconds: float) -> AsyncIterator[None]:
    """Hold the lock on a file for the block, alone among all processes; the file is made and goes.

    Waits without a thread, for at most `seconds`.

    Raises:
        Unavailable: when another process still has it then.
    """
    handle = await _taken(path, seconds)
    try:
        yield
    finally:
        _dropped(path, handle)


async def _taken(path: Path, seconds: float) -> int:
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while (handle := _tried(path)) is None:
        if loop.time() > until:
            raise Unavailable(
                "Another process is at work on this; try again.",
                reason=f"Another process has held {path} for {seconds:g} seconds.",
            )
        await asyncio.sleep(0.02)
    return handle


def _dropped(path: Path, handle: int) -> None:
    path.unlink(missing_ok=True)
    os.close(handle)


def _tried(path: Path) -> int | None:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever had it before may have removed the file that was opened here.
        if os.path.samestat(path.stat(), os.fstat(handle)):
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(handle)
    return None


def unwritable(folder: Path) -> str | None:
    """A sentence when nothing can be written to `folder`: it is gone, closed, or its disk full."""
    try:
        if not os.access(folder, os.W_OK | os.X_OK):
            return f"{folder} cannot be written: check that it is there and its permissions."
        if shutil.disk_usage(folder).free < MINIMUM_FREE_BYTES:
            return f"The disk that holds {folder} is full: make room."
    except OSError as error:
        return f"{folder} cannot be used: {error.strerror}."
    return None
