"""A platform that `colonnade up` runs, in processes of its own."""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

from colonnade_runtime.testing.servers.server_process import free_port
from tests.forked_commands import ForkedCommand
from tests.journeys.support.academy import OWNER_PASSWORD, copied_declaration

PLATFORM = """\
bus: {bus}
gateway: {{port: {port}}}
logging: {{access: false}}
supervision: {{heartbeat: {heartbeat}}}
services:
  user: {{per_day: {{UpdateProfile: 100000}}}}
  course: {{enabled: false}}
  content: {{enabled: false}}
  payment: {{enabled: false}}
  analytics: {{enabled: false}}
  notification: {{enabled: false}}
processes:
  people: {{services: [user], replicas: {replicas}}}
"""

LIMIT = 120.0


class Platform:
    """A platform with one process and a gateway, started by `up`.

    `program` is Python that runs before.
    """

    def __init__(self, root: Path, *settings: str, program: str = "") -> None:
        self.root = root
        self._log = root / "log"
        environment = {**os.environ, "COLONNADE_OWNER_PASSWORD": OWNER_PASSWORD}
        with self._log.open("wb") as log:
            self.process = ForkedCommand(
                *settings, "up", cwd=root, env=environment,
                stdout=log.fileno(), stderr=log.fileno(), program=program,
            )  # fmt: skip

    @property
    def said(self) -> str:
        return self._log.read_text()

    def pid_of(self, process: str) -> int:
        lock = (self.root / "var" / "run" / f"{process}.lock").read_text()
        found = re.search(r"process (\d+)", lock)
        assert found is not None, lock
        return int(found[1])

    def until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + LIMIT
        while not condition():
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)

    def until_said(self, text: str, times: int = 1) -> None:
        self.until(lambda: self.said.count(text) >= times)


def declared(root: Path, bus: str, *, heartbeat: str = "3s", replicas: int = 1) -> Path:
    """Declare the platform in an empty folder."""
    declaration = copied_declaration(root)
    overlay = declaration.with_name("platform.development.yaml")
    text = PLATFORM.format(bus=bus, port=free_port(), heartbeat=heartbeat, replicas=replicas)
    overlay.write_text(text)
    for tenant in (root / "tenants").iterdir():
        tenant.write_text(tenant.read_text().partition("\nservices:")[0] + "\n")
    return root
