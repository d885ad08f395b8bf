"""The admin socket as a file: where it is, and how one process at a time comes to own it."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from colonnade.errors import ConfigurationError

FOLDER = "var/run"
"""Folder of the sockets, relative to that of platform.yaml."""

MAXIMUM_PATH = 103
"""Bytes of a socket's path that every system takes (`sun_path` has 104 on BSD, 108 on Linux)."""


class AlreadyRuns(ConfigurationError):
    """Another process works on this platform."""

    code = "already_runs"
    title = "The platform runs already"


def socket_path(root: Path, process: str) -> Path:
    """Path of a process's socket, given the folder of its platform.yaml."""
    return root / FOLDER / f"{process}.sock"


def owner_of(root: Path, process: str) -> str | None:
    """Owner of the socket of a process, as it wrote itself; empty when nobody answers."""
    path = socket_path(root, process)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.settimeout(1.0)
            probe.connect(address_of(path))
            return path.with_suffix(".lock").read_text("utf-8", "replace")[:200]
        except (OSError, ConfigurationError):
            return None


def address_of(path: Path) -> str:
    """The path of a socket in the form that is handed to the system: the shorter one.

    Raises:
        ConfigurationError: the path is longer than a socket's may be.
    """
    absolute = str(path.absolute())
    shortest = min(absolute, os.path.relpath(absolute), key=lambda text: len(os.fsencode(text)))
    if len(os.fsencode(shortest)) > MAXIMUM_PATH:
        raise ConfigurationError(
            f"The admin socket {absolute} has a path of more than {MAXIMUM_PATH} bytes, which no "
            "system takes: start the command in the folder of platform.yaml, or move that folder."
        )
    return shortest


@contextmanager
def claimed(root: Path, process: str, purpose: str) -> Iterator[socket.socket]:
    """Own the process's socket for the block; `purpose` is said to whoever else wants it.

    A lock that the system takes back when its holder dies tells a live owner from the files of
    a dead one, so what a killed process left behind is replaced.

    Raises:
        AlreadyRuns: another process owns it.
        ConfigurationError: the folder cannot be written, or its path is too long.
    """
    path = socket_path(root, process)
    address = address_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {path.parent} cannot be written: {error.strerror}."
        ) from error
    try:
        _take(lock, path, purpose)
        listener = _bound(path, address)
        try:
            yield listener
        finally:
            listener.close()
            path.unlink(missing_ok=True)
    finally:
        os.close(lock)


def _take(lock: int, path: Path, purpose: str) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise AlreadyRuns(
            f"This platform runs already: {_said(lock)} owns {path}. Stop it first (Ctrl+C, or "
            "SIGTERM to that process), or work on the running one."
        ) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{purpose} (process {os.getpid()})".encode(), 0)


def _said(lock: int) -> str:
    return os.pread(lock, 200, 0).decode(errors="replace") or "another process"


def _bound(path: Path, address: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with suppress(OSError):
            # Linux gives the file the mode that the socket has; others are kept out by the folder.
            os.fchmod(listener.fileno(), 0o600)
        path.unlink(missing_ok=True)
        listener.bind(address)
        path.chmod(0o600)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"The admin socket {path} cannot be made: {error.strerror}."
        ) from error
    return listener
