"""Private files: readable by the owner's account alone (folders 0700, files 0600)."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from colonnade.errors import ConfigurationError
from colonnade_runtime.declaration import LoadedPlatform

KEPT = "var"
"""The folder beside `platform.yaml` in which everything lies unless it is declared elsewhere."""

_OTHERS = 0o077
_SCHEMES = frozenset({"sqlite", "file"})


def keep_files_private(loaded: LoadedPlatform) -> None:
    """Make files that nobody else may read from now on, and mend those that are there.

    Earlier versions left some open. A folder that is private already is not looked into.

    Raises:
        ConfigurationError: a folder is open to others, and is another account's.
    """
    os.umask(_OTHERS)
    for folder in _folders(loaded):
        if folder.is_dir() and folder.stat().st_mode & _OTHERS:
            _make_private(folder)


def foreign_folders(loaded: LoadedPlatform) -> Iterator[str]:
    """A sentence for each folder that is open to others and that this account cannot close."""
    for folder in _folders(loaded):
        try:
            found = folder.stat()
        except OSError:
            continue
        if found.st_mode & _OTHERS and os.geteuid() not in (0, found.st_uid):
            yield _open_to_others(folder, "it is another account's")


def _open_to_others(folder: Path, why: str) -> str:
    return (
        f"Others may read {folder}, and it cannot be closed to them ({why}): "
        f"chmod -R go= {folder}, as the account that it belongs to."
    )


def _folders(loaded: LoadedPlatform) -> Iterator[Path]:
    kept = loaded.root / KEPT
    yield kept
    for section in loaded.platform.stores.values():
        for address in (section.sql, section.blobs):
            scheme, _, path = str(address or "").partition(":")
            folder = loaded.root / path
            if scheme in _SCHEMES and path and not folder.is_relative_to(kept):
                yield folder


def _make_private(folder: Path) -> None:
    try:
        for parent, _, names in os.walk(folder, topdown=False):
            for name in names:
                _close_to_others(os.path.join(parent, name))  # noqa: PTH118 - there may be many
            # Last of each: what was interrupted is begun again at the next start.
            _close_to_others(parent)
    except OSError as error:
        raise ConfigurationError(_open_to_others(folder, error.strerror or "no reason")) from None


def _close_to_others(path: str) -> None:
    found = os.lstat(path)
    if found.st_mode & _OTHERS and not stat.S_ISLNK(found.st_mode):
        os.chmod(path, stat.S_IMODE(found.st_mode) & ~_OTHERS)  # noqa: PTH101 - as above
