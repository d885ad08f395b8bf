"""Releases that the repository lists, and their sources."""

import io
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "changes"))

import release as releasing  # noqa: E402

__all__ = ["NotHere", "export", "newest_release", "releasing"]


class NotHere(Exception):
    """A release, or its commit, that this copy of the repository does not have, and why."""


def newest_release(root: Path = ROOT) -> tuple[str, str]:
    """Version and commit of the newest release whose commit is here.

    Raises:
        NotHere: when none is listed, the clone is shallow, or this is no clone.
    """
    listed = releasing.released(root)
    if not listed:
        raise NotHere(f"{releasing.RELEASES} lists no release yet")
    version = max(listed, key=releasing.numbers)
    commit = listed[version]
    if _git(root, "cat-file", "-e", f"{commit}^{{commit}}").returncode != 0:
        raise NotHere(
            f"the commit {commit} of release {version} is not here: the clone is shallow, or none"
        )
    return version, commit


def export(commit: str, folder: Path, root: Path = ROOT) -> Path:
    """The files of a commit, written to `folder`."""
    archive = _git(root, "archive", "--format=tar", commit)
    archive.check_returncode()
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


def _git(root: Path, *words: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(["git", *words], cwd=root, capture_output=True, timeout=60)
