"""Environments with wheels in them, and how to make them without a network."""

import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
SECONDS = 600


@dataclass(frozen=True)
class Installation:
    """An environment with wheels in it."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def command(self) -> Path:
        return self.folder / "bin" / "colonnade"

    def run(
        self, *arguments: object, cwd: Path, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment to its end."""
        return subprocess.run(
            [str(argument) for argument in arguments],
            cwd=cwd,
            env=clean_environment(**environment),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def colonnade(
        self, *arguments: object, cwd: Path, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return self.run(self.command, *arguments, cwd=cwd, **environment)

    def install(self, *wheels: Path) -> None:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        options = ["--python", str(self.python), "install", "--no-index", "--no-deps"]
        subprocess.run([*pip, *options, *map(str, wheels)], check=True, timeout=SECONDS)


def clean_environment(**additions: str) -> dict[str, str]:
    """This process's environment without anything that leads to the checkout."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COLONNADE_", "PYTHON", "PYTEST", "VIRTUAL_ENV"))
    }
    return {**kept, **additions}


def build_wheel(project: Path, into: Path) -> Path:
    """The wheel of a project, built in place by hatchling without a network."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(into)],
        cwd=project,
        check=True,
        capture_output=True,
        timeout=SECONDS,
    )
    return max(into.glob("*.whl"), key=lambda wheel: wheel.stat().st_mtime_ns)


def make_installation(folder: Path) -> Installation:
    """An environment that can import what Colonnade depends on, and nothing of Colonnade."""
    venv.create(folder, with_pip=False, symlinks=True)
    libraries = folder / "libraries"
    libraries.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.lower().lstrip("_").startswith("colonnade"):
            (libraries / entry.name).symlink_to(entry)
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(f"{libraries}\n")
    return Installation(folder)
