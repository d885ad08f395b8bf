"""`python changes/release.py VERSION DATE` releases the checkout that it lies in.

It makes two commits: the release, which is tagged, and behind it one that adds the line
`VERSION COMMIT` to releases.txt, since a commit cannot name itself. The line travels where a tag
does not, and the upgrade tests build the releases that they start from by it.
"""

import re
import subprocess
import sys
from pathlib import Path

from gather import gather

RELEASES = "releases.txt"
PLACES = {
    "pyproject.toml": r'^version = "(?P<version>[^"]+)"$',
    "plugins/*/plugin.py": r'^ +version="(?P<version>[^"]+)",$',
    "tests/plugins/*/contract.json": r'^ "version": "(?P<version>[^"]+)"$',
    "docs/operators/deploying.md": r"\bcolonnade-(?P<version>\d+\.\d+\.\d+)\b",
    "docs/operators/upgrading.md": r"\bcolonnade-(?P<version>\d+\.\d+\.\d+)\b",
}
"""Files, from the top of the repository, and how each says the version."""

_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


class Refused(Exception):
    """A release that cannot be made, and what to do."""


def release(root: Path, version: str, date: str) -> str:
    """Set the version, gather the change notes, commit, tag, list; the commit of the release.

    Raises:
        Refused: before anything has been changed.
    """
    texts = _refuse_or_prepare(root, version)
    try:
        gather(root, version, date)
    except ValueError as error:
        raise Refused(str(error)) from error
    for path, text in texts.items():
        path.write_text(text, "utf-8")
    _git(root, "add", "--all")
    _git(root, "commit", "--quiet", "--message", f"build: release {version}")
    commit = _git(root, "rev-parse", "HEAD")
    _git(root, "tag", "--annotate", f"v{version}", "--message", f"Colonnade {version}")
    with (root / RELEASES).open("a", encoding="utf-8") as file:
        file.write(f"{version} {commit}\n")
    _git(root, "commit", "--quiet", "--message", f"build: list release {version}", "--", RELEASES)
    return commit


def released(root: Path) -> dict[str, str]:
    """Version → commit of every release, the oldest first."""
    lines = (root / RELEASES).read_text("utf-8").splitlines()
    pairs = (line.split() for line in lines if line and not line.startswith("#"))
    return dict(pairs)


def _refuse_or_prepare(root: Path, version: str) -> dict[Path, str]:
    if not _VERSION.fullmatch(version):
        raise Refused(f"'{version}' is no version: write MAJOR.MINOR.PATCH, such as 1.2.3.")
    if _git(root, "status", "--porcelain"):
        raise Refused("The tree has changes: commit them or put them away first.")
    _git(root, "var", "GIT_COMMITTER_IDENT")
    if not _git(root, "branch", "--show-current"):
        raise Refused("No branch is checked out: check out the one that is released from.")
    if version in released(root) or _git(root, "tag", "--list", f"v{version}"):
        raise Refused(f"{version} is released already: name the version after it.")
    newest = max(released(root), key=numbers, default="0.0.0")
    if numbers(version) < numbers(newest):
        raise Refused(f"{version} is older than {newest}, which is released on this branch.")
    return {
        path: _with_version(path, pattern, version)
        for places, pattern in PLACES.items()
        for path in sorted(root.glob(places))
    }


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
    version, date = sys.argv[1:]
    try:
        commit = release(Path(__file__).parent.parent, version, date)
    except Refused as error:
        sys.exit(f"There is no release {version}: {error}")
    print(f"Released {version} as v{version}, commit {commit}. CONTRIBUTING.md says what follows.")


if __name__ == "__main__":
    main()
