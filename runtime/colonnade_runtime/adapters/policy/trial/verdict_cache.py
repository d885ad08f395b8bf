"""Remembers which policies were tried out and passed, in this process and between processes.

Trying out takes a second of a processor, which every process of a platform would spend at every
start and reload. The verdict depends on nothing but what the key covers.
"""

import hashlib
import json
import os
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import fields, is_dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from cachetools import LRUCache
from pydantic import TypeAdapter, ValidationError

import colonnade.policy
from colonnade.errors import Unavailable
from colonnade.policy import PolicyBundle
from colonnade_runtime.adapters.disk.folder_lock import file_lock
from colonnade_runtime.adapters.policy.rego.consulted_packages import ConsultedPackages

CAPACITY = 64
"""How many verdicts are kept, in the memory and in the folder; the least used go first."""
LARGEST = 1024 * 1024
"""Bytes of a kept verdict; the demo platform's has six thousand."""

_OTHERS_MAY_WRITE = 0o022
_VERDICT = TypeAdapter(ConsultedPackages)


class VerdictCache:
    """Verdicts by key. Those in `folder` are for this account alone, and are none if it is not.

    What cannot be read or written is left: policies are then tried out again.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: LRUCache[str, ConsultedPackages] = LRUCache(CAPACITY)

    def find(self, key: str) -> ConsultedPackages | None:
        """The packages of a bundle that passed, or nothing. Reads a file."""
        found = self._known.get(key)
        if found is None and self._folder is not None:
            found = _read(self._folder / f"{key}.json")
        if found is not None:
            self._known[key] = found
        return found

    @asynccontextmanager
    async def alone(self, key: str, seconds: float) -> AsyncIterator[None]:
        """Hold a bundle for the block, alone among all processes of this account.

        Those of one platform start together with the same policies: one tries them out, and the
        others find its verdict. Nobody waits longer than `seconds`, or for a folder that fails.
        """
        async with AsyncExitStack() as held:
            with suppress(OSError, Unavailable):
                if self._folder is not None and _is_there(self._folder):
                    await held.enter_async_context(file_lock(self._folder / f"{key}.lock", seconds))
            yield

    def keep(self, key: str, packages: ConsultedPackages) -> None:
        """Note that a bundle passed. Writes a file, whole or not at all."""
        self._known[key] = packages
        if self._folder is not None:
            with suppress(OSError):
                _write(self._folder, key, _VERDICT.dump_json(packages))
                _make_room(self._folder)


def verdict_key(bundle: PolicyBundle) -> str:
    """A digest of all that decides whether a bundle passes: it, the engine and the checks.

    Folders are left out: the same policies elsewhere are the same.
    """
    modules = tuple(replace(each, path=Path(each.path).name) for each in bundle.modules)
    text = json.dumps([_plain(replace(bundle, modules=modules)), _checks()])
    return hashlib.sha256(text.encode()).hexdigest()


def account_folder() -> Path | None:
    """Folder in which the account that runs this keeps verdicts; nothing for one without a home."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        root = Path(base) if Path(base).is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None
    return root / "colonnade" / "policies"


@cache
def _checks() -> str:
    """A digest of the engine's version and of the code that judges."""
    digest = hashlib.sha256(version("regopy").encode())
    for folder in (Path(__file__).parents[1], *map(Path, colonnade.policy.__path__)):
        for file in sorted(folder.rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    """Every field of a bundle, also one that is added later, as JSON data in one order."""
    if is_dataclass(value):
        return [[each.name, _plain(getattr(value, each.name))] for each in fields(value)]
    if isinstance(value, Mapping):
        return [[name, _plain(value[name])] for name in sorted(value)]
    if isinstance(value, frozenset):
        return sorted(value)
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def _read(path: Path) -> ConsultedPackages | None:
    try:
        if not _is_own(path.parent.lstat()):
            return None
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            found = os.fstat(file.fileno())
            if not _is_own(found) or found.st_size > LARGEST:
                return None
            verdict = _VERDICT.validate_json(file.read(LARGEST))
            os.utime(file.fileno())
            return verdict
    except (OSError, ValidationError):
        return None


def _is_own(found: os.stat_result) -> bool:
    """Tell whether nobody but this account can have written it."""
    is_plain = stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)
    return is_plain and found.st_uid == os.geteuid() and not found.st_mode & _OTHERS_MAY_WRITE


def _is_there(folder: Path) -> bool:
    """True when the folder is this account's own; it is made where it is missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return _is_own(folder.lstat())


def _write(folder: Path, key: str, text: bytes) -> None:
    if not _is_there(folder):
        return
    with NamedTemporaryFile(dir=folder, suffix=".new", delete=False) as file:
        file.write(text)
    Path(file.name).replace(folder / f"{key}.json")


def _make_room(folder: Path) -> None:
    files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[CAPACITY:]:
        file.unlink(missing_ok=True)
