"""The files that declare a platform, as they stand on the disk: other ones are other numbers."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from colonnade_runtime.declaration.ignored_files import is_ignored

Standing = Mapping[Path, tuple[int, ...] | None]
"""State of files: of a folder its inode, of a file inode, size, mode and time of the last write, of
an absent one None."""

SWAPPED_LINK = "..data"
"""The link that a mounted ConfigMap swaps; the files beside it are links through it."""

_SUFFIXES = frozenset({".yaml", ".yml", ".rego"})


def declares(path: Path) -> bool:
    """True when a file in one of the folders is part of the declaration, by its name."""
    return path.suffix in _SUFFIXES and not is_ignored(path.name)


def standing_of(folders: Iterable[Path], files: Iterable[Path]) -> Standing:
    """Read the state of the folders, of the declaring files in them, and of other files. Blocks on
    the disk."""
    found: dict[Path, tuple[int, ...] | None] = {}
    for folder in folders:
        found[folder] = _inode(folder)
        for path in _declaring(folder):
            found[path] = _written(path)
    for path in files:
        found[path] = _written(path)
    return found


def _declaring(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if declares(Path(entry.name))]
    except OSError:
        return []


def _inode(folder: Path) -> tuple[int, ...] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino)


def _written(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_ino, found.st_size, found.st_mode, found.st_mtime_ns)
