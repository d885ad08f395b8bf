"""Files of academies that a process holds for writing, and which process that is.

SQLite takes its locks with fcntl(2), which names the holder to whoever asks. It must be asked by a
process with no lock of its own on the file, such as this command: closing any descriptor of a file
gives all locks back that a process has on it.
"""

import fcntl
import os
import re
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path

HELD_SECONDS = 1.0
"""Seconds after which a lock is reported: a write takes milliseconds."""

_WRITE_LOCK = 120
"""The byte of the `-shm` file that whoever writes has locked.

Source: https://www.sqlite.org/walformat.html, section 2.3.1.
"""

_FLOCK = "hhqqi4x"
"""`struct flock` of Linux on 64 bits: type, whence, start, length, process."""


def held_locks(folder: Path) -> list[tuple[str, int]]:
    """The files below a data folder that the same process held at both ends of `HELD_SECONDS`,
    as `<tenant>/<file>`, with its process id. Elsewhere than on Linux none are found."""
    if sys.platform != "linux":
        return []
    first = dict(_holders(folder.glob("*/*.sqlite3-shm")))
    if not first:
        return []
    time.sleep(HELD_SECONDS)
    return sorted(
        (f"{path.parent.name}/{path.name.removesuffix('-shm')}", pid)
        for path, pid in _holders(first)
        if first[path] == pid
    )


def process_names(root: Path) -> dict[int, str]:
    """Process id → the name under which it runs for the platform in `root`."""
    found = {}
    for lock in (root / "var" / "run").glob("*.lock"):
        number = re.search(r"\(process (\d+)\)", lock.read_text("utf-8", "replace"))
        if number is not None:
            found[int(number[1])] = lock.stem
    return found


def is_paused(pid: int) -> bool:
    """True when a process of this machine was stopped by a signal. Known on Linux alone.

    Source: proc(5), `/proc/PID/stat`, the field after the name in parentheses.
    """
    try:
        said = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except OSError:
        return False
    return said.rpartition(")")[2].split()[:1] in (["T"], ["t"])


def _holders(paths: "Iterator[Path] | dict[Path, int]") -> Iterator[tuple[Path, int]]:
    for path in paths:
        pid = _holder(path)
        if pid:
            yield path, pid


def _holder(path: Path) -> int:
    """The process that has the write lock; 0 when none has, or that cannot be known."""
    asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, _WRITE_LOCK, 1, 0)
    try:
        with path.open("rb+", buffering=0) as file:
            answer = fcntl.fcntl(file, fcntl.F_GETLK, asked)
    except OSError:
        return 0
    kind, _, _, _, pid = struct.unpack(_FLOCK, answer)
    return 0 if kind == fcntl.F_UNLCK else int(pid)
