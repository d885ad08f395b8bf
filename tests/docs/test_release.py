"""A release is made by one command: version, changelog, commits, tag and a line in releases.txt."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.releases import NotHere, newest_release, releasing

ROOT = Path(__file__).parents[2]
SAID = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
NEXT = releasing.next_versions(SAID)
VERSION = NEXT[1]
IDENTITY = {
    f"GIT_{who}_{what}": "somebody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}
ENVIRONMENT = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, **IDENTITY}

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with what a release touches, of which nothing is released yet."""
    tmp_path = tmp_path / "checkout"
    places = [path for pattern in releasing.PLACES for path in ROOT.glob(pattern)]
    for path in (*places, *(ROOT / "changes").iterdir(), ROOT / "CHANGELOG.md"):
        if path.is_file():
            (tmp_path / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, tmp_path / path.relative_to(ROOT))
    (tmp_path / "changes" / "zebras.removed.md").write_text("Zebras are gone.\n")
    (tmp_path / "releases.txt").write_text("# Releases.\n")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    commit(tmp_path)
    return tmp_path


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "test: a state")


def make_release(folder: Path, version: str, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-B", "changes/release.py", version, "2040-01-31", *options],
        cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


def test_a_release_is_committed_tagged_and_listed(checkout: Path) -> None:
    told = make_release(checkout, VERSION)
    assert told.returncode == 0, told.stderr
    released = git(checkout, "rev-parse", f"v{VERSION}^{{commit}}")
    assert released == git(checkout, "rev-parse", "HEAD^")
    assert released in told.stdout
    assert (checkout / "releases.txt").read_text() == f"# Releases.\n{VERSION} {released}\n"
    assert git(checkout, "status", "--porcelain") == ""
    assert f'\nversion = "{VERSION}"\n' in git(checkout, "show", f"{released}:pyproject.toml")
    assert f"## {VERSION} - 2040-01-31" in git(checkout, "show", f"{released}:CHANGELOG.md")
    assert {path.name for path in (checkout / "changes").glob("*.md")} == {"README.md"}


def test_every_place_says_the_version(checkout: Path) -> None:
    assert make_release(checkout, NEXT[2]).returncode == 0
    for places in releasing.PLACES:
        assert list(checkout.glob(places)), places
        for path in checkout.glob(places):
            assert NEXT[2] in path.read_text(), path
    changed = git(checkout, "diff", "--numstat", "HEAD~2", "HEAD", "--", "tests", "plugins")
    assert {line.split()[0] for line in changed.splitlines()} == {"1"}


def untracked(folder: Path) -> None:
    (folder / "new.txt").write_text("new\n")


def hidden(folder: Path) -> None:
    git(folder, "config", "status.showUntrackedFiles", "no")
    untracked(folder)


def on_a_branch(folder: Path) -> None:
    git(folder, "checkout", "--quiet", "-b", "faster-reports")


def on_backports(folder: Path) -> None:
    git(folder, "checkout", "--quiet", "-b", "release/0.0")


def on_backports_of_a_patch(folder: Path) -> None:
    git(folder, "checkout", "--quiet", "-b", "release/0.0.1")


def with_an_empty_note(folder: Path) -> None:
    (folder / "changes" / "aardvarks.added.md").write_text(" \n")
    commit(folder)


def with_a_note_that_is_no_text(folder: Path) -> None:
    (folder / "changes" / "aardvarks.added.md").write_bytes(b"\xff")
    commit(folder)


def changed(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("")


def tagged(folder: Path) -> None:
    git(folder, "tag", f"v{VERSION}")


def listed(folder: Path) -> None:
    (folder / "releases.txt").write_text(f"{VERSION} {'0' * 40}\n")
    commit(folder)


def newer(folder: Path) -> None:
    (folder / "releases.txt").write_text(f"99.10.0 {'0' * 40}\n")
    commit(folder)


def detached(folder: Path) -> None:
    git(folder, "checkout", "--quiet", "--detach")


def breaking(folder: Path) -> None:
    plugin = folder / "plugins" / "colonnade_user" / "plugin.py"
    text = plugin.read_text()
    old = next(line for line in text.splitlines() if line.lstrip().startswith("version="))
    plugin.write_text(text.replace(old, '        version="1000.0.0",'))
    commit(folder)


def without_notes(folder: Path) -> None:
    for note in (folder / "changes").glob("*.*.md"):
        note.unlink()
    commit(folder)


@pytest.mark.parametrize(
    ("spoil", "version", "says"),
    [
        (None, "99.1", "'99.1' is no version: write MAJOR.MINOR.PATCH"),
        (None, "v99.1.0", "is no version"),
        (None, "99.01.0", "is no version"),
        (
            None,
            "0.0.1",
            f"0.0.1 does not follow {SAID}: {SAID}, {', '.join(NEXT[:2])} or {NEXT[2]}",
        ),
        (
            None,
            "99.0.0",
            f"99.0.0 does not follow {SAID}: {SAID}, {', '.join(NEXT[:2])} or {NEXT[2]}",
        ),
        (hidden, VERSION, "The tree has changes"),
        (on_a_branch, VERSION, "'faster-reports' is checked out: releases are made of main"),
        (on_backports, VERSION, f"{VERSION} is no patch of 0.0, whose branch is checked out"),
        (on_backports_of_a_patch, VERSION, "'release/0.0.1' is checked out: releases are made"),
        (with_an_empty_note, VERSION, "aardvarks.added.md is empty: write what changed"),
        (with_a_note_that_is_no_text, VERSION, "aardvarks.added.md is not UTF-8 text"),
        (untracked, VERSION, "The tree has changes"),
        (changed, VERSION, "The tree has changes"),
        (tagged, VERSION, f"{VERSION} is released already"),
        (listed, VERSION, f"{VERSION} is released already"),
        (newer, VERSION, f"{VERSION} is older than 99.10.0"),
        (detached, VERSION, "No branch is checked out"),
        (breaking, VERSION, "says 1000.0.0 already: release 1000.0.0 or a later one"),
        (without_notes, VERSION, "There is nothing to release"),
    ],
)
def test_a_release_that_cannot_be_is_refused_and_changes_nothing(
    checkout: Path, spoil: Any, version: str, says: str
) -> None:
    if spoil is not None:
        spoil(checkout)
    before = git(checkout, "rev-parse", "HEAD"), git(checkout, "status", "--porcelain")
    told = make_release(checkout, version)
    assert told.returncode == 1
    assert says in told.stderr
    assert len(told.stderr.splitlines()) == 1
    after = git(checkout, "rev-parse", "HEAD"), git(checkout, "status", "--porcelain")
    assert after == before


@pytest.mark.parametrize(
    ("version", "options", "is_made"),
    [
        ("1.2.4", (), True),
        ("1.3.0", (), True),
        ("2.0.0", (), True),
        ("1.2.5", (), False),
        ("1.4.0", (), False),
        ("1.3.1", (), False),
        ("12.4.0", (), False),
        ("12.4.0", ("--jump",), True),
        ("1.2.2", ("--jump",), False),
    ],
)
def test_a_release_follows_the_last_one(
    checkout: Path, version: str, options: tuple[str, ...], is_made: bool
) -> None:
    (checkout / "releases.txt").write_text(f"1.2.3 {'0' * 40}\n1.1.9 {'1' * 40}\n")
    commit(checkout)
    told = make_release(checkout, version, *options)
    assert (told.returncode == 0) is is_made, told.stderr
    if not is_made and not options:
        assert f"{version} does not follow 1.2.3: 1.2.4, 1.3.0 or 2.0.0 does." in told.stderr
        assert "JUMP=yes" in told.stderr


def test_a_branch_for_patches_begins_at_a_tag(checkout: Path) -> None:
    """The line of that release comes with the commit behind it."""
    assert make_release(checkout, VERSION).returncode == 0
    git(checkout, "checkout", "--quiet", "-b", f"release/{VERSION[:-2]}", f"v{VERSION}")
    (checkout / "changes" / "zebras.fixed.md").write_text("Zebras are back.\n")
    commit(checkout)
    assert "does not follow" in make_release(checkout, f"{VERSION[:-2]}.2").stderr
    told = make_release(checkout, f"{VERSION[:-2]}.1")
    assert told.returncode == 0, told.stderr


def test_a_patch_is_made_of_its_own_branch(checkout: Path) -> None:
    (checkout / "releases.txt").write_text(f"1.2.3 {'0' * 40}\n")
    commit(checkout)
    git(checkout, "checkout", "--quiet", "-b", "release/1.2")
    assert "no patch of 1.2" in make_release(checkout, "1.3.0").stderr
    told = make_release(checkout, "1.2.4")
    assert told.returncode == 0, told.stderr


HOOKS = {
    "pre-commit": "exit 1",
    "the second commit's": 'case "$(cat "$1")" in *list*) exit 1;; esac',
    "what a hook leaves": "echo left > left.txt; exit 1",
}


@pytest.mark.parametrize("name", HOOKS)
def test_a_commit_that_a_hook_refuses_is_undone(checkout: Path, name: str) -> None:
    hook = checkout / ".git" / "hooks" / ("commit-msg" if "second" in name else "pre-commit")
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\necho no >&2\n{HOOKS[name]}\n")
    hook.chmod(0o755)
    before = git(checkout, "rev-parse", "HEAD")
    told = make_release(checkout, VERSION)
    assert told.returncode == 1
    assert "git commit failed: no" in told.stderr
    assert git(checkout, "rev-parse", "HEAD") == before
    left = "?? left.txt" if "leaves" in name else ""
    assert git(checkout, "status", "--porcelain") == left
    assert git(checkout, "tag", "--list") == ""


def test_a_release_holds_nothing_but_what_it_wrote(checkout: Path) -> None:
    """A hook, an editor or a build may leave files between the look at the tree and the commit."""
    hook = checkout / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho left > left.txt\n")
    hook.chmod(0o755)
    assert make_release(checkout, VERSION).returncode == 0
    assert git(checkout, "status", "--porcelain") == "?? left.txt"
    assert "left.txt" not in git(checkout, "ls-tree", "-r", "--name-only", "HEAD")


def test_each_listed_commit_is_of_its_version() -> None:
    try:
        newest_release()
    except NotHere as why:
        pytest.skip(str(why))
    for version, commit in releasing.released(ROOT).items():
        project = subprocess.run(
            ["git", "show", f"{commit}:pyproject.toml"], cwd=ROOT, capture_output=True, text=True
        ).stdout
        assert f'\nversion = "{version}"\n' in project, version


def test_a_shallow_clone_says_what_it_lacks(checkout: Path, tmp_path: Path) -> None:
    """There the newest release is listed, and its commit is not there."""
    with pytest.raises(NotHere, match=r"releases\.txt lists no release yet"):
        newest_release(checkout)
    assert make_release(checkout, VERSION).returncode == 0
    released = git(checkout, "rev-parse", "HEAD^")
    assert newest_release(checkout) == (VERSION, released)
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth=1", checkout.as_uri(), str(shallow))
    with pytest.raises(NotHere, match=f"the commit {released} of release {VERSION} is not here"):
        newest_release(shallow)
