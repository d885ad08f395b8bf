"""`colonnade up`: starts all, starts again what ends, and leaves nothing behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from supervised_platform import Platform, declared

from tests.forked_commands import run_command
from tests.journeys.support.academy import OWNER_PASSWORD

pytestmark = [pytest.mark.server, pytest.mark.slow]


@pytest.fixture
def site(tmp_path: Path, nats_url: str) -> Path:
    return declared(tmp_path, nats_url)


@pytest.fixture
def platform(site: Path) -> Iterator[Platform]:
    found = Platform(site)
    try:
        found.until_said("people  | people is ready")
        found.until_said("gateway | gateway is ready")
        yield found
    finally:
        found.process.terminate()
        found.process.wait(60)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_what_ends_is_started_again_and_an_orderly_end_takes_all_along(platform: Platform) -> None:
    killed = platform.pid_of("people")
    os.kill(killed, signal.SIGKILL)
    platform.until_said("people  | ended with -9; started again in")
    platform.until_said("people is ready", 2)
    children = [platform.pid_of(name) for name in ("people", "gateway")]
    assert killed not in children
    platform.process.terminate()
    assert platform.process.wait(60) == 0
    assert all(map(is_gone, children))


def test_machines_read_json_and_nothing_else(site: Path) -> None:
    platform = Platform(site, "--set", "logging.format=json")
    try:
        platform.until(lambda: lines(platform, "ready", "up"))
        os.kill(platform.pid_of("people"), signal.SIGKILL)
        platform.until(lambda: lines(platform, "ready", "people")[1:])
    finally:
        platform.process.terminate()
        platform.process.wait(60)

    said = [(line["event"], line["process"]) for line in lines(platform)]
    for event in ("starting", "ready", "stopping", "stopped"):
        assert said.count((event, "up")) == 1
        assert (event, "gateway") in said
    assert said.count(("child started", "people")) == 1
    assert said.count(("child restarted", "people")) == 1
    [ended] = lines(platform, "child ended", "people")
    assert (ended["level"], ended["exit_code"]) == ("error", -9)
    assert said[-1] == ("stopped", "up")


def lines(platform: Platform, event: str = "", process: str = "") -> list[dict[str, Any]]:
    """The lines of an event and a process; every line is an object that names its process."""
    said = [json.loads(line) for line in platform.said.splitlines()]
    assert all("process" in line and "timestamp" in line and "level" in line for line in said)
    return [
        line for line in said if event in ("", line["event"]) and process in ("", line["process"])
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_processes_end_with_the_one_that_started_them(platform: Platform) -> None:
    children = [platform.pid_of(name) for name in ("people", "gateway")]
    platform.process.kill()
    platform.until(lambda: all(map(is_gone, children)))


def test_a_process_that_cannot_start_again_is_tried_later(platform: Platform) -> None:
    # What is declared cannot be read any more, so that the process does not come back.
    (platform.root / "platform.yaml").write_text("version: [")
    os.kill(platform.process.pid, signal.SIGUSR1)
    platform.until_said("people  | is restarted")
    platform.until_said("people  | ended with 1; started again in", 2)


def test_a_process_that_is_paused_is_ended_and_started_again(platform: Platform) -> None:
    paused = platform.pid_of("people")
    os.kill(paused, signal.SIGSTOP)
    platform.until_said("people  | stands still for more than 3 s and is killed")
    platform.until_said("people is ready", 2)
    assert is_gone(paused)
    assert platform.pid_of("gateway")


def test_a_supervisor_that_was_paused_itself_ends_nobody(platform: Platform) -> None:
    children = [platform.pid_of(name) for name in ("people", "gateway")]
    for pid in (platform.process.pid, *children):
        os.kill(pid, signal.SIGSTOP)
    time.sleep(5)
    for pid in (platform.process.pid, *children):
        os.kill(pid, signal.SIGCONT)
    # Whatever it thought of the silence, it has thought it by the time one is started again.
    os.kill(children[0], signal.SIGKILL)
    platform.until_said("people is ready", 2)
    assert "stands still" not in platform.said
    assert platform.pid_of("gateway") == children[1]


def answer_of(platform: Platform, path: str) -> tuple[int, str]:
    """The status and the body that the gateway gives."""
    overlay = (platform.root / "platform.development.yaml").read_text()
    port = re.search(r"port: (\d+)", overlay)
    assert port is not None
    found = httpx.get(f"http://127.0.0.1:{port[1]}{path}", timeout=10)
    return found.status_code, found.text


def command(platform: Platform, *words: str) -> subprocess.CompletedProcess[str]:
    """A command beside the running platform."""
    environment = {**os.environ, "COLONNADE_OWNER_PASSWORD": OWNER_PASSWORD}
    return run_command(*words, cwd=platform.root, env=environment)


def status_of(platform: Platform) -> dict[str, Any]:
    """What `colonnade status` says of all processes."""
    found: dict[str, Any] = json.loads(command(platform, "status", "--format", "json").stdout)
    return found


def test_ports_of_a_platform_that_runs_are_its_own(platform: Platform) -> None:
    check, doctor = command(platform, "check"), command(platform, "doctor")
    assert (check.returncode, doctor.returncode) == (0, 0), (check.stderr, doctor.stdout)
    for process in ("gateway", "people"):
        owner = f"in use by this platform: colonnade run {process} (process "
        assert f"{owner}{platform.pid_of(process)})" in doctor.stdout


def test_the_process_in_front_reloads_with_the_others(platform: Platform) -> None:
    assert answer_of(platform, "/openapi.json")[0] == 200
    overlay = platform.root / "platform.development.yaml"
    whole = overlay.read_text()
    overlay.write_text(whole.replace("gateway: {", "gateway: {docs: false, "))
    platform.until(lambda: answer_of(platform, "/openapi.json")[0] == 404)
    # What is declared now is the same for all; what only a restart changes is said.
    platform.until(lambda: len({each["declaration"] for each in said(platform)}) == 1)
    assert not any("declarations" in line for line in status_of(platform)["problems"])

    overlay.write_text(whole.replace("gateway: {", "gateway: {dosc: false, "))
    platform.until(lambda: "reload_refused" in answer_of(platform, "/readyz")[1])
    overlay.write_text(whole.replace("heartbeat: 3s", "heartbeat: 4s"))
    os.kill(platform.process.pid, signal.SIGHUP)
    platform.until(lambda: "reload_refused" not in answer_of(platform, "/readyz")[1])
    assert answer_of(platform, "/openapi.json")[0] == 200


def said(platform: Platform) -> list[dict[str, Any]]:
    """What each process says of itself."""
    found: list[dict[str, Any]] = status_of(platform)["processes"]
    return found
