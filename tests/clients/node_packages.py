"""Packages of npm for tests: installed from a lock with hashes, kept in the user's cache."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SECONDS = 300
NPM = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def node_packages(declared: Path) -> Path:
    """The folder `node_modules` of what `package-lock.json` in `declared` locks.

    Without npm, or without its registry, the test is skipped and says so; with CI=true it fails.
    """
    lock = (declared / "package-lock.json").read_bytes()
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "colonnade" / "npm"
    kept = base / hashlib.sha256(lock).hexdigest()[:24]
    base.mkdir(parents=True, exist_ok=True)
    with kept.with_suffix(".lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        if not (kept / "node_modules" / ".package-lock.json").exists():
            _install(declared, kept)
    return kept / "node_modules"


def _install(declared: Path, kept: Path) -> None:
    if shutil.which("npm") is None or shutil.which("node") is None:
        _missing("Node.js with npm is not on PATH")
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(declared / name, kept)
    done = subprocess.run(
        NPM, cwd=kept, check=False, capture_output=True, text=True, timeout=SECONDS
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        _missing(f"'npm ci' failed: {lines[-1] if lines else 'it said nothing'}")


def _missing(why: str) -> None:
    sentence = f"Missing for the client in TypeScript: {why}."
    if os.environ.get("CI") == "true":
        pytest.fail(f"{sentence} With CI=true it may not be missing.", pytrace=False)
    pytest.skip(sentence)
