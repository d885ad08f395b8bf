"""A site that `colonnade run` serves, as a process of its own."""

import asyncio
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from environments import Installation, clean_environment

PASSWORD = "a password for the owner"
SECONDS = 180


@dataclass(frozen=True)
class Served:
    """A running platform."""

    url: str
    process: "subprocess.Popen[str]"

    def client(self, tenant: str, token: str | None = None) -> httpx.Client:
        headers = {"X-Tenant": tenant}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=SECONDS)

    def owner(self, tenant: str) -> httpx.Client:
        """A client that is signed in as the owner of an academy."""
        return self.person(tenant, f"owner@{tenant}.example", PASSWORD)

    def person(self, tenant: str, email: str, password: str) -> httpx.Client:
        """A client that is signed in; a machine too busy for an answer in time is asked again."""
        credentials = {"email": email, "password": password}
        with self.client(tenant) as client:
            answer = wait_for(lambda: _in_time(client.post("/auth/login", json=credentials)))
            assert answer.status_code == 200, answer.text
        return self.client(tenant, answer.json()["access_token"])

    def ready(self) -> httpx.Response:
        return httpx.get(f"{self.url}/readyz", timeout=SECONDS)


@contextmanager
def served(
    installation: Installation, site: Path, *settings: str, **environment: str
) -> Iterator[Served]:
    """Run `colonnade run` until the block ends; it has to stop in order then."""
    port = free_port()
    options = [f"--set={setting}" for setting in (*settings, f"gateway.port={port}")]
    log = site / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(installation.command), "--platform", "platform.yaml", *options, "run"],
            cwd=site,
            env=clean_environment(COLONNADE_OWNER_PASSWORD=PASSWORD, **environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            running = Served(f"http://127.0.0.1:{port}", process)
            wait_for(lambda: _answers(running, log))
            yield running
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(SECONDS)
    assert code == 0, log.read_text()


def _in_time(answer: httpx.Response) -> httpx.Response | None:
    return None if answer.status_code == httpx.codes.GATEWAY_TIMEOUT else answer


def _answers(running: Served, log: Path) -> bool:
    assert running.process.poll() is None, log.read_text()
    try:
        return running.ready().status_code == 200
    except httpx.TransportError:
        return False


def wait_for(condition: Any, seconds: float = SECONDS) -> Any:
    """Wait, with a bound, until `condition()` is true, and answer it."""

    async def waiting() -> Any:
        async with asyncio.timeout(seconds):
            while not (answer := condition()):
                await asyncio.sleep(0.05)
            return answer

    return asyncio.run(waiting())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
