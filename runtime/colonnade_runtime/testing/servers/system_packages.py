"""The system's package managers, as far as tests ask them for a server."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

SECONDS = 600


@dataclass(frozen=True, slots=True)
class PackageManager:
    """One package manager: how to ask which version it has, and how to install.

    `as_root` says that installing needs root; nobody is asked for a password.
    """

    name: str
    program: str
    asking: Sequence[str]
    installing: Sequence[str]
    as_root: bool

    def candidate(self, package: str) -> str:
        """Version that the package manager would install; empty when it has none."""
        for line in self._run([*self.asking, package])[1].splitlines():
            if "Candidate:" in line or "stable" in line:
                return line.partition(":")[2].replace("(none)", "")
        return ""

    def may_install(self) -> bool:
        """Tell whether this user may install packages without a question."""
        return (os.geteuid() == 0) == self.as_root

    def install(self, package: str) -> bool:
        """Install; whether that went well."""
        return self._run([*self.installing, package])[0] == 0

    def advice(self, package: str) -> str:
        """The command for a person to type."""
        return " ".join([*(["sudo"] if self.as_root else []), *self.installing, package])

    def _run(self, command: Sequence[str]) -> tuple[int, str]:
        try:
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, timeout=SECONDS
            )
        except (OSError, subprocess.TimeoutExpired):
            return 1, ""
        return done.returncode, done.stdout


MANAGERS = (
    PackageManager(
        name="apt",
        program="apt-get",
        asking=("apt-cache", "policy"),
        installing=("apt-get", "install", "--yes", "--no-install-recommends"),
        as_root=True,
    ),
    PackageManager(
        name="brew",
        program="brew",
        asking=("brew", "info"),
        installing=("brew", "install"),
        as_root=False,
    ),
)
