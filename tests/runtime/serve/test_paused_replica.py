"""A replica that is paused in the middle of a write holds the others up for the declared time."""

import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from supervised_platform import Platform, declared

from colonnade_runtime.cli.store_locks import held_locks
from tests.forked_commands import run_command
from tests.journeys.support.academy import OWNER_PASSWORD, PASSWORD

HEARTBEAT = 8
WRITERS = 4

pytestmark = [
    pytest.mark.server,
    pytest.mark.soak,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a lock"),
]


@pytest.fixture
def platform(tmp_path: Path, nats_url: str) -> Iterator[Platform]:
    root = declared(tmp_path, nats_url, heartbeat=f"{HEARTBEAT}s", replicas=2)
    found = Platform(root)
    try:
        for name in ("people", "people-2", "gateway"):
            found.until_said(f"| {name} is ready")
        yield found
    finally:
        found.process.terminate()
        found.process.wait(60)


class Writer(threading.Thread):
    """Somebody who changes their headline as fast as they are answered, to a number that grows."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__(daemon=True)
        self.acknowledged = 0
        self.moments: list[float] = []
        self._stopping = threading.Event()
        self._client = httpx.Client(base_url=f"{url}/api/v1", timeout=60)
        self._client.headers["X-Tenant"] = "acme"
        who = {"email": f"{name}@learners.example", "password": PASSWORD}
        assert self._client.post("/auth/register", json=who | {"name": name}).status_code == 201
        signed_in = self._client.post("/auth/login", json=who).json()
        self._client.headers["Authorization"] = f"Bearer {signed_in['access_token']}"
        self._path = f"/profiles/{self._client.get('/users/me').json()['id']}"

    def run(self) -> None:
        number = 0
        while not self._stopping.is_set():
            number += 1
            try:
                answer = self._client.patch(self._path, json={"headline": str(number)})
            except httpx.TransportError:
                continue
            if answer.status_code == 200:
                self.acknowledged = number
                self.moments.append(time.monotonic())

    def stop(self) -> int:
        """What is written in the end."""
        self._stopping.set()
        self.join(90)
        return int(self._client.get(self._path).json()["headline"])


def pause_in_a_write(platform: Platform) -> tuple[int, str, float]:
    """Pause a replica that holds the write lock of the academy; its id, its name and when."""
    folder = next((platform.root / "var").rglob("acme/user.sqlite3")).parent.parent
    end = time.monotonic() + 120
    while time.monotonic() < end:
        for name in ("people", "people-2"):
            pid = platform.pid_of(name)
            began = time.monotonic()
            os.kill(pid, signal.SIGSTOP)
            if ("acme/user.sqlite3", pid) in held_locks(folder):
                return pid, name, began
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.2)
    raise AssertionError("no replica was ever paused in a write")


def problems(platform: Platform) -> list[str]:
    environment = {**os.environ, "COLONNADE_OWNER_PASSWORD": OWNER_PASSWORD}
    ended = run_command("status", "--format", "json", cwd=platform.root, env=environment)
    found: list[str] = json.loads(ended.stdout)["problems"]
    return found


def test_a_replica_paused_in_a_write_is_ended_and_nothing_acknowledged_is_lost(
    platform: Platform,
) -> None:
    overlay = (platform.root / "platform.development.yaml").read_text()
    port = re.search(r"port: (\d+)", overlay)
    assert port is not None
    writers = [Writer(f"http://127.0.0.1:{port[1]}", f"ada{n}") for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    platform.until(lambda: all(writer.acknowledged > 3 for writer in writers))

    pid, name, paused = pause_in_a_write(platform)
    told = problems(platform)
    platform.until(
        lambda: f"stands still for more than {HEARTBEAT} s and is killed" in platform.said
    )
    killed = time.monotonic()

    # Whoever waited for the lock has it now; the other replica did not stop for good.
    platform.until(lambda: all(writer.moments[-1] > killed for writer in writers))
    resumed = min(moment for writer in writers for moment in writer.moments if moment > paused + 1)
    platform.until_said(f"| {name} is ready", 2)
    assert platform.pid_of(name) != pid
    for writer in writers:
        before = writer.acknowledged
        assert writer.stop() >= before > 3
    assert resumed - paused < HEARTBEAT + 10, "the others wait for little more than that"
    assert any(f"process {pid}" in problem for problem in told), told


def test_a_restart_beside_a_killed_replica_keeps_the_other_until_it_is_back(
    platform: Platform,
) -> None:
    overlay = (platform.root / "platform.development.yaml").read_text()
    port = re.search(r"port: (\d+)", overlay)
    assert port is not None
    kept = platform.pid_of("people")
    os.kill(platform.pid_of("people-2"), signal.SIGKILL)
    platform.until_said("people-2 | ended with -9")
    os.kill(platform.process.pid, signal.SIGUSR1)
    platform.until_said("people   | is restarted when people-2 is ready")
    assert platform.pid_of("people") == kept
    answers = []
    with httpx.Client(base_url=f"http://127.0.0.1:{port[1]}/api/v1", timeout=30) as client:
        client.headers["X-Tenant"] = "acme"
        while "all processes were restarted" not in platform.said:
            answers.append(client.get("/users/me").status_code)
    assert set(answers) == {401}, "the user service always answers, and asks who it is"
    said = platform.said
    assert said.index("| people-2 is ready", said.index("ended with -9")) < said.index(
        "people   | is restarted\n"
    )
    assert platform.pid_of("people") != kept
