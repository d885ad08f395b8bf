"""Paths of the files: `<folder>/<tenant>/<service>.sqlite3`, so a tenant's folder is all of it."""

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from colonnade.errors import InternalError

SUFFIX = ".sqlite3"
CONTROL_FOLDER = "_control"
TEMPLATE_FOLDER = "_templates"

_SERVICE = re.compile(r"[a-z][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class ServiceFiles:
    """The files of one service. The folders that start with `_` can be no tenant's."""

    folder: Path
    service: str

    def __post_init__(self) -> None:
        if not _SERVICE.fullmatch(self.service):
            raise InternalError(f"'{self.service}' cannot name a service's files.")

    def of_tenant(self, tenant: str) -> Path:
        """The tenant's file; `tenant` must have been checked."""
        return self.folder / tenant / f"{self.service}{SUFFIX}"

    @property
    def control(self) -> Path:
        """The control store's file."""
        return self.folder / CONTROL_FOLDER / f"{self.service}{SUFFIX}"

    def template(self, digest: str) -> Path:
        """The template for new tenants at one schema."""
        return self.folder / TEMPLATE_FOLDER / f"{self.service}-{digest}{SUFFIX}"

    def other_templates(self, digest: str) -> list[Path]:
        """Templates of earlier schemas."""
        mine = re.compile(re.escape(self.service) + r"-[0-9a-f]+" + re.escape(SUFFIX))
        found = self.template(digest).parent.glob(f"{self.service}-*{SUFFIX}")
        return [path for path in found if mine.fullmatch(path.name) and digest not in path.name]


def make_private_folder(folder: Path) -> None:
    """Make a folder, and those above it, that only this account can enter, durably."""
    if folder.is_dir():
        return
    make_private_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def put_in_place(content: bytes, path: Path, *, prefix: str) -> bool:
    """Write a whole new file durably; False when there is one already, which stays.

    Either the complete file appears under its name or nothing does.

    Raises:
        OSError: when the disk does not take it.
    """
    make_private_folder(path.parent)
    handle, name = tempfile.mkstemp(prefix=prefix, dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link, not a rename: a rename would replace the file of whoever came first.
            os.link(temporary, path)
        except FileExistsError:
            return False
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)
    return True


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
