"""A folder with a platform in it, for tests that load one."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from colonnade_runtime.declaration import (
    DeclarationError,
    LoadedPlatform,
    Problem,
    load_platform,
)

PLATFORM = """\
version: 1
environment: development
services:
  user:
  course:
  content:
"""

TENANT = """\
version: 1
id: {id}
name: {id}
owner: {{email: owner@{id}.example}}
currency: EUR
"""


@dataclass
class Site:
    """`platform.yaml`, `tenants/` and `policies/` below `root`."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def platform(self) -> Path:
        return self.root / "platform.yaml"

    def write(self, text: str | bytes, name: str = "platform.yaml") -> Path:
        path = self.root / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def tenant(self, tenant_id: str, extra: str = "") -> Path:
        return self.write(TENANT.format(id=tenant_id) + extra, f"tenants/{tenant_id}.yaml")

    def load(self, **arguments: Any) -> LoadedPlatform:
        return load_platform(self.platform, environ=self.environ, **arguments)

    def problems(self, **arguments: Any) -> list[Problem]:
        try:
            self.load(**arguments)
        except DeclarationError as error:
            return error.problems
        return []

    def sentences(self, **arguments: Any) -> list[str]:
        """The problems as they are printed, with file names relative to the site."""
        prefix = f"{self.root}/"
        return [str(problem).replace(prefix, "") for problem in self.problems(**arguments)]
