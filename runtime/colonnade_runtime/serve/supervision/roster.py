"""The children of a running `colonnade up`, in a file that other commands read."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from colonnade.errors import ConfigurationError
from colonnade_runtime.process.socket_file import FOLDER, AlreadyRuns

_NAME = "up.children"
_MAXIMUM = 1_000_000
_TRIES = 20
_PAUSE = 0.05


class SupervisedProcesses(msgspec.Struct, frozen=True):
    """Process ids of one `colonnade up`: its own, and those of its children by name.

    A child that has ended and is to be started again has none.
    """

    pid: int
    children: dict[str, int | None]


class Roster:
    """Keeps the file while it is held. One at a time has it, so that no second `colonnade up`
    starts the same processes again and again."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._children: dict[str, int | None] = {}

    def note(self, name: str, pid: int | None) -> None:
        """Keep the process id of a child; None when it has ended."""
        self._children[name] = pid
        data = msgspec.json.encode(SupervisedProcesses(os.getpid(), self._children))
        # On a full disk `status` knows less; the processes are looked after all the same.
        with suppress(OSError):
            os.pwrite(self._descriptor, data, 0)
            os.ftruncate(self._descriptor, len(data))


@contextmanager
def roster(root: Path) -> Iterator[Roster]:
    """The roster of the platform in `root`, held for the block.

    Raises:
        AlreadyRuns: another `colonnade up` has it.
        ConfigurationError: the folder cannot be written.
    """
    path = root / FOLDER / _NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        why = f"The folder {path.parent} cannot be written: {error.strerror}."
        raise ConfigurationError(why) from error
    try:
        _take(descriptor, path)
        os.ftruncate(descriptor, 0)
        yield Roster(descriptor)
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path) -> None:
    for _ in range(_TRIES):
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            # Whoever reads has it for a moment.
            time.sleep(_PAUSE)
    raise AlreadyRuns(
        f"This platform runs already: another 'colonnade up' has {path}. Stop it first (Ctrl+C, or"
        " SIGTERM to that process), or work on the running one."
    )


def watched(root: Path) -> SupervisedProcesses | None:
    """Read the roster of a `colonnade up`; None when none runs."""
    try:
        descriptor = os.open(root / FOLDER / _NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return _read(descriptor) if _is_held(descriptor) else None
    finally:
        os.close(descriptor)


def _is_held(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


def _read(descriptor: int) -> SupervisedProcesses | None:
    for _ in range(_TRIES):
        try:
            return msgspec.json.decode(os.pread(descriptor, _MAXIMUM, 0), type=SupervisedProcesses)
        except (msgspec.MsgspecError, ValueError):
            # It is being written.
            time.sleep(_PAUSE)
    return None
