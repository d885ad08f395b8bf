"""Accounts that servers run as which refuse root."""

import os
import pwd
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from colonnade_runtime.testing.servers.server_kinds import ServerKind


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the system and its group, by number."""

    user: int
    group: int

    @property
    def for_child(self) -> dict[str, Any]:
        """Arguments of `subprocess.Popen` for a child of this user."""
        return {"user": self.user, "group": self.group, "extra_groups": ()}

    def own(self, path: Path) -> None:
        """Give a file or folder to this user."""
        os.chown(path, self.user, self.group)


def account_for(kind: ServerKind) -> Account | None:
    """The account to run a server as; none when our own will do."""
    if os.geteuid() != 0:
        return None
    for name in kind.accounts:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_uid, found.pw_gid)
    return None


def readable_by(account: Account, program: Path, kind: ServerKind, folder: Path) -> Path:
    """A program that the account can read: itself, or a copy of its wheel in `folder`."""
    # Root's cache is in root's home, which others cannot enter.
    if kind.wheel is None or all(_anybody_enters(each) for each in program.parents):
        return program
    inside = PurePosixPath(kind.wheel.program)
    copy = folder / "program"
    if not copy.exists():
        shutil.copytree(program.parents[len(inside.parts) - 1], copy)
    return copy / inside


def _anybody_enters(folder: Path) -> bool:
    return bool(folder.stat().st_mode & 0o001)
