"""`colonnade run` in a process of its own."""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.forked_commands import ForkedCommand

ROOT = Path(__file__).parents[4]
PATIENCE = 90.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Wait for what `condition` answers, once it is truthy."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"did not happen within {seconds:g} s")


class ColonnadeProcess:
    """A running `colonnade run`; its output is in a file."""

    def __init__(self, folder: Path, *settings: str, program: str = "") -> None:
        self.port = free_port()
        self.output = folder / "output.txt"
        arguments = ["--platform", str(folder / "platform.yaml"), "--set", "logging.format=json"]
        for setting in (*settings, f"gateway.port={self.port}"):
            arguments += ["--set", setting]
        with self.output.open("ab") as output:
            self.process = ForkedCommand(
                *arguments,
                "run",
                cwd=folder,
                stdout=output.fileno(),
                stderr=output.fileno(),
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
                program=program,
            )

    @property
    def text(self) -> str:
        return self.output.read_text()

    def get(self, path: str) -> httpx.Response | None:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=5)
        except httpx.TransportError:
            return None

    def ready(self) -> None:
        """Wait until it is ready."""

        def is_ready() -> bool:
            assert self.process.poll() is None, self.text
            answer = self.get("/readyz")
            return answer is not None and answer.status_code == 200

        until(is_ready)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def ends(self, seconds: float = PATIENCE) -> int:
        """Wait for the end; the exit code."""
        return self.process.wait(seconds)

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The lines of the log that say `event`."""
        found = [json.loads(line) for line in self.text.splitlines() if line.startswith("{")]
        return [line for line in found if line.get("event") == event]


@contextmanager
def running(folder: Path, *settings: str, program: str = "") -> Iterator[ColonnadeProcess]:
    """A process for the block; it is killed at the end if it still runs."""
    process = ColonnadeProcess(folder, *settings, program=program)
    try:
        yield process
    finally:
        process.process.kill()
        process.process.wait(10)
