"""`python changes/release.py VERSION DATE [--jump]` releases the checkout that it lies in.

It makes two commits: the release, which is tagged, and behind it one that adds the line
`VERSION COMMIT` to releases.txt, since a commit cannot name itself. The line travels where a tag
does not, and the upgrade tests build the releases that they start from by it. With `--jump` the
version need not be one of those that follow the last release.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gather import CHANGELOG, gather, notes

RELEASES = "releases.txt"
PROJECT = "pyproject.toml"
PLACES = {
    PROJECT: r'^version = "(?P<version>[^"]+)"$',
    "plugins/*/plugin.py": r'^ +version="(?P<version>[^"]+)",$',
    "tests/plugins/*/contract.json": r'^ "version": "(?P<version>[^"]+)"$',
    "docs/operators/deploying.md": r"\bcolonnade-(?P<version>\d+\.\d+\.\d+)\b",
    "docs/plugin-authors/tutorial.md": r"\bcolonnade-(?P<version>\d+\.\d+\.\d+)\b",
    "docs/operators/upgrading.md": r"\bcolonnade-(?P<version>\d+\.\d+\.\d+)\b",
}
"""Files, from the top of the repository, and how each says the version."""

TRUNK = "main"
_BACKPORTS = re.compile(r"release/((?:0|[1-9]\d*)\.(?:0|[1-9]\d*))")
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


_JUMP = "--jump"


class Refused(Exception):
    """A release that cannot be made, and what to do."""


def release(root: Path, version: str, date: str, *, jump: bool = False) -> str:
    """Set the version, gather the change notes, commit, tag, list; the commit of the release.

    With `jump`, the version may be any that is newer than the last release.

    Raises:
        Refused: with everything as it was before.
    """
    texts = _refuse_or_prepare(root, version, jump=jump)
    with _undone_if_refused(root, version) as written:
        try:
            written += [root / CHANGELOG, *notes(root / "changes")]
            gather(root, version, date)
        except ValueError as error:
            raise Refused(str(error)) from error
        for path, text in texts.items():
            written.append(path)
            path.write_text(text, "utf-8")
        _commit(root, f"build: release {version}", written)
        commit = _git(root, "rev-parse", "HEAD")
        _git(root, "tag", "--annotate", f"v{version}", "--message", f"Colonnade {version}")
        list_of_releases = root / RELEASES
        written.append(list_of_releases)
        with list_of_releases.open("a", encoding="utf-8") as file:
            file.write(f"{version} {commit}\n")
        _commit(root, f"build: list release {version}", [list_of_releases])
    return commit


def _commit(root: Path, message: str, paths: Sequence[Path]) -> None:
    """Commit these files alone: whatever else came to lie there meanwhile is not released."""
    names = [str(path.relative_to(root)) for path in paths]
    _git(root, "commit", "--quiet", "--message", message, "--", *names)


@contextmanager
def _undone_if_refused(root: Path, version: str) -> Iterator[list[Path]]:
    """Take back commits, tag and the files noted in the list when a hook or the disk refuses."""
    start = _git(root, "rev-parse", "HEAD")
    written: list[Path] = []
    try:
        yield written
    except BaseException:
        _undo(root, version, start, written)
        raise


def _undo(root: Path, version: str, start: str, written: Sequence[Path]) -> None:
    names = [str(path.relative_to(root)) for path in written]
    try:
        if _git(root, "tag", "--list", f"v{version}"):
            _git(root, "tag", "--delete", f"v{version}")
        _git(root, "reset", "--quiet", "--soft", start)
        if names:
            _git(root, "restore", f"--source={start}", "--staged", "--worktree", "--", *names)
    except Refused as error:
        print(f"{error} To go back: git reset --hard {start}", file=sys.stderr)


def released(root: Path) -> dict[str, str]:
    """Version → commit of every release, the oldest first."""
    lines = (root / RELEASES).read_text("utf-8").splitlines()
    pairs = (line.split() for line in lines if line and not line.startswith("#"))
    return dict(pairs)


def _refuse_or_prepare(root: Path, version: str, *, jump: bool) -> dict[Path, str]:
    if not _VERSION.fullmatch(version):
        raise Refused(f"'{version}' is no version: write MAJOR.MINOR.PATCH, such as 1.2.3.")
    # Said here, since git's settings can hide files that are not tracked.
    if _git(root, "status", "--porcelain", "--untracked-files=all", "--ignore-submodules=none"):
        raise Refused("The tree has changes: commit them or put them away first.")
    _git(root, "var", "GIT_COMMITTER_IDENT")
    _refuse_branch(_git(root, "branch", "--show-current"), version)
    if version in released(root) or _git(root, "tag", "--list", f"v{version}"):
        raise Refused(f"{version} is released already: name the version after it.")
    newest = max(released(root), key=numbers, default="0.0.0")
    if numbers(version) < numbers(newest):
        raise Refused(f"{version} is older than {newest}, which is released on this branch.")
    if not jump:
        _refuse_jump(root, version)
    return {
        path: _with_version(path, pattern, version)
        for places, pattern in PLACES.items()
        for path in sorted(root.glob(places))
    }


def _refuse_branch(branch: str, version: str) -> None:
    if not branch:
        raise Refused("No branch is checked out: check out the one that is released from.")
    backports = _BACKPORTS.fullmatch(branch)
    if branch != TRUNK and not backports:
        raise Refused(
            f"'{branch}' is checked out: releases are made of {TRUNK}, patches of release/x.y."
        )
    if backports and not version.startswith(f"{backports[1]}."):
        raise Refused(f"{version} is no patch of {backports[1]}, whose branch is checked out.")


def _refuse_jump(root: Path, version: str) -> None:
    """Refuse a version that follows no release: mostly a slip, and forever in the list."""
    listed = released(root)
    # A branch for patches begins at a tag, whose own line comes with the commit behind it.
    last = max([*listed, _said_version(root)], key=numbers)
    following = next_versions(last)
    if last not in listed and not _git(root, "tag", "--list", f"v{last}"):
        following = (last, *following)
    if version not in following:
        raise Refused(
            f"{version} does not follow {last}: {', '.join(following[:-1])} or {following[-1]} "
            "does. If it is meant all the same, add JUMP=yes."
        )


def _said_version(root: Path) -> str:
    found = re.search(PLACES[PROJECT], (root / PROJECT).read_text("utf-8"), re.MULTILINE)
    if found is None:
        raise Refused(f"{PROJECT} says no version as {__file__} expects it: mend one of the two.")
    return found["version"]


def next_versions(version: str) -> tuple[str, ...]:
    """The next patch, minor and major after a version."""
    major, minor, patch = numbers(version)
    return f"{major}.{minor}.{patch + 1}", f"{major}.{minor + 1}.0", f"{major + 1}.0.0"


def _with_version(path: Path, pattern: str, version: str) -> str:
    text = path.read_text("utf-8")
    found = list(re.finditer(pattern, text, re.MULTILINE))
    if not found:
        raise Refused(f"{path} says no version as {__file__} expects it: mend one of the two.")
    for match in reversed(found):
        said = match["version"]
        if numbers(said) > numbers(version):
            raise Refused(f"{path} says {said} already: release {said} or a later one.")
        text = text[: match.start("version")] + version + text[match.end("version") :]
    return text


def numbers(version: str) -> tuple[int, ...]:
    """What versions are ordered by."""
    return tuple(map(int, version.split(".")))


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(f"git {words[0]} failed: {(done.stderr or done.stdout).strip()}")
    return done.stdout.strip()


def main() -> None:
    """Make the release that the command line names."""
    version, date, *options = sys.argv[1:]
    try:
        if options not in ([], [_JUMP]):
            raise Refused(f"'{' '.join(options)}' is no option; {_JUMP} is the only one.")
        commit = release(Path(__file__).parent.parent, version, date, jump=bool(options))
    except Refused as error:
        sys.exit(f"There is no release {version}: {error}")
    print(f"Released {version} as v{version}, commit {commit}. CONTRIBUTING.md says what follows.")


if __name__ == "__main__":
    main()
