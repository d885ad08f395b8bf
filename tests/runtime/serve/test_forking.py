"""Processes that are forked from one which has imported what they use."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from supervised_platform import Platform, declared

from colonnade_runtime.serve.forking.loaded_code import is_changed, loaded_code

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only"),
]

PARENT = Path(__file__).parent / "support" / "forking_parent.py"


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What the programs of `forking_parent.py` said and how they ended."""
    ran = subprocess.run([sys.executable, str(PARENT)], capture_output=True, timeout=120)
    assert ran.returncode == 0, ran.stderr.decode()
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def test_a_forked_process_is_a_child_of_who_ordered_it_with_a_session_and_a_title(
    told: dict[str, Any],
) -> None:
    found = told["first"]
    assert found["parent"] == told["pid"]
    assert found["leads_session"]
    assert found["arguments"] == ["describe", "one word"]
    assert found["title"] == f"{sys.executable} -m colonnade_runtime describe one word"


def test_a_forked_process_has_its_output_and_its_heartbeat_and_no_other_descriptor(
    told: dict[str, Any],
) -> None:
    assert told["first"]["descriptors"] == [0, 1, 2, told["first"]["heartbeat"]]


def test_forked_processes_share_no_chance(told: dict[str, Any]) -> None:
    assert told["first"]["random"] != told["second"]["random"]
    assert told["first"]["id"] != told["second"]["id"]


def test_the_end_of_a_forked_process_is_that_of_a_program(told: dict[str, Any]) -> None:
    assert told["exit"] == 7
    assert told["killed"] == -signal.SIGKILL
    code, said = told["break"]
    assert code == 1
    assert said.endswith("RuntimeError: it broke\n")


def test_orphans_of_others_go_to_the_system_as_ever(told: dict[str, Any]) -> None:
    assert told["adopts"] is False


def test_without_a_fork_server_a_python_is_executed_and_the_reason_told_once(
    told: dict[str, Any],
) -> None:
    executed = told["executed"]
    assert executed["code"] == 0
    assert executed["said"].startswith("colonnade, version ")
    assert executed["refused"] == ["the fork server has ended"]


def test_code_that_was_replaced_edited_or_removed_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    module = tmp_path / "a_module_of_a_plugin.py"
    module.write_text("ANSWER = 1\n")
    __import__(module.stem)
    try:
        known = loaded_code()
        assert not is_changed(known)
        replacement = tmp_path / "new"
        replacement.write_text("ANSWER = 2\n")
        replacement.replace(module)
        assert is_changed(known)
        known = loaded_code()
        module.unlink()
        assert is_changed(known)
    finally:
        del sys.modules[module.stem]


@pytest.fixture
def platform(tmp_path: Path, nats_url: str) -> Iterator[Platform]:
    found = Platform(declared(tmp_path, nats_url))
    try:
        found.until_said("people  | people is ready")
        found.until_said("gateway | gateway is ready")
        yield found
    finally:
        found.process.terminate()
        found.process.wait(60)


def fork_server(platform: Platform) -> int:
    """The one child of `up` that is no process of the platform."""
    children = Path(f"/proc/{platform.process.pid}/task/{platform.process.pid}/children")
    found = set(map(int, children.read_text().split()))
    [server] = found - {platform.pid_of("people"), platform.pid_of("gateway")}
    return server


@pytest.mark.server
def test_a_process_that_ends_is_forked_again_and_the_fork_server_goes_with_up(
    platform: Platform,
) -> None:
    first, server = platform.pid_of("people"), fork_server(platform)
    os.kill(first, signal.SIGKILL)
    platform.until_said("people is ready", 2)
    assert fork_server(platform) == server
    assert "processes are started with a Python each" not in platform.said
    platform.process.terminate()
    assert platform.process.wait(60) == 0
    assert not Path(f"/proc/{server}").exists()


@pytest.mark.server
def test_when_the_fork_server_is_killed_processes_live_on_and_are_executed_later(
    platform: Platform,
) -> None:
    people = platform.pid_of("people")
    os.kill(fork_server(platform), signal.SIGKILL)
    os.kill(people, signal.SIGKILL)
    platform.until_said("gateway | processes are started with a Python each from now on, for the")
    platform.until_said("people is ready", 2)
    assert platform.said.count("ended with") == 1


@pytest.mark.server
def test_after_an_installation_a_restart_runs_the_new_code(tmp_path: Path, nats_url: str) -> None:
    code = tmp_path / "code"
    code.mkdir()
    module = code / "a_module_of_a_plugin.py"
    module.write_text("ANSWER = 1\n")
    program = f"import sys; sys.path.append({str(code)!r}); import {module.stem}"
    platform = Platform(declared(tmp_path / "site", nats_url), program=program)
    try:
        platform.until_said("gateway | gateway is ready")
        platform.until_said("people  | people is ready")
        module.write_text("ANSWER = 22\n")
        os.kill(platform.process.pid, signal.SIGUSR1)
        platform.until_said("the code that is installed is no longer the code that this")
        platform.until_said("all processes were restarted")
    finally:
        platform.process.terminate()
        platform.process.wait(60)
