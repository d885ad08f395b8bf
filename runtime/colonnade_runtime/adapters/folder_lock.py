"""A data folder belongs to one process at a time; the kernel frees the lock of one that dies."""

import fcntl
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from colonnade.errors import ConfigurationError

LOCKS = "_locks"
"""The folder of lock files; no tenant and no service can be called so."""
MINIMUM_FREE_BYTES = 1_000_000
"""Below this a disk counts as full: not even one transaction is sure to fit."""


class FolderLocks:
    """One `fcntl` lock per service on a file in the folder, which also says who holds it.

    The lock is the kernel's, not the file's existence: after `kill -9` the file stays and the
    lock is gone. Processes that host different services may share a folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handles: list[int] = []

    def acquire(self, services: Sequence[str]) -> None:
        """Lock what the services keep in the folder, which is made when it is not there.

        Blocks on the disk.

        Raises:
            ConfigurationError: when another process holds a lock, or the folder cannot be used.
        """
        try:
            for service in services:
                self._handles.append(_locked(self._folder, service))
        except OSError as error:
            raise ConfigurationError(
                f"{self._folder} cannot be used: {error.strerror}. Data is kept there: make it"
                " a folder that this account can write, on a disk with room."
            ) from None

    def release(self) -> None:
        """Give everything back; nothing happens when nothing is held."""
        while self._handles:
            os.close(self._handles.pop())


def _locked(folder: Path, service: str) -> int:
    place = folder / LOCKS
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(place / f"{service}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
