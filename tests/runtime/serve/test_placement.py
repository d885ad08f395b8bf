"""Processes of a split platform, as operators start them: what each loads, and what is refused."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from colonnade_runtime.testing.servers.server_process import free_port
from tests.forked_commands import ForkedCommand, run_command
from tests.journeys.support.academy import OWNER_PASSWORD, copied_declaration

PROCESSES = """\
bus: {bus}
gateway: {{port: {port}}}
processes:
  people: {{services: [user]}}
  learning: {{services: [course, content]}}
  money: {{services: [payment]}}
  reports: {{services: [analytics, notification]}}
"""

SHARED = ("api", "plugin", "config", "hookspecs")
"""What every process may know of a service: its contract, and what it says of itself."""

CALLERS = (
    "colonnade_user.authentication",
    "colonnade_user.authentication.authenticator",
    "colonnade_user.authentication.key_ring",
    "colonnade_user.authentication.session_cache",
    "colonnade_user.tokens",
    "colonnade_user.tokens.access_tokens",
    "colonnade_user.throttling",
    "colonnade_user.throttling.allowances",
)
"""How a process finds out who calls it, wherever the user service is, and what its
configuration is made of."""

LOADED = """
import asyncio, sys
from pathlib import Path
from colonnade_runtime.declaration.model.placement import placement_of
from colonnade_runtime.process.runtime import Runtime
from colonnade_runtime.assembly.declared import read_declaration
declared = read_declaration(Path("platform.yaml"))
async def main():
    runtime = Runtime(declared, place=placement_of(declared.loaded.platform, sys.argv[1]))
    await runtime.start()
    print(*sorted(sys.modules))
    await runtime.stop()
asyncio.run(main())
"""

pytestmark = pytest.mark.server


@pytest.fixture
def site(tmp_path: Path, nats_url: str) -> Path:
    """A platform in four processes."""
    declaration = copied_declaration(tmp_path)
    overlay = declaration.with_name("platform.development.yaml")
    overlay.write_text(PROCESSES.format(bus=nats_url, port=free_port()))
    return tmp_path


def colonnade(site: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "COLONNADE_OWNER_PASSWORD": OWNER_PASSWORD}
    return run_command(*words, cwd=site, env=environment)


def test_a_process_loads_only_the_services_it_hosts(site: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", LOADED, "money"],
        cwd=site, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    modules = [name.split(".") for name in answer.stdout.split()]
    plugins = [parts for parts in modules if parts[0].startswith("colonnade_")]
    others = {
        ".".join(parts)
        for parts in plugins
        if parts[0] not in ("colonnade_payment", "colonnade_runtime")
        and parts[1:]
        and parts[1] not in SHARED
    }
    assert others <= set(CALLERS)
    assert ["colonnade_payment", "service"] in plugins


def test_a_process_that_runs_already_is_named(site: Path) -> None:
    environment = {**os.environ, "COLONNADE_OWNER_PASSWORD": OWNER_PASSWORD}
    words = ("--set", "gateway.port=0", "run", "people")
    reading, writing = os.pipe()
    first = ForkedCommand(*words, cwd=site, env=environment, stdout=writing, stderr=2)
    os.close(writing)
    said = os.fdopen(reading)
    try:
        while "people is ready" not in (line := said.readline()):
            assert line, "it ended"
        again = colonnade(site, "run", "people")
        assert again.returncode == 1
        assert f"colonnade run people (process {first.pid}) owns" in again.stderr
        everything = colonnade(site, "--set", "gateway.port=0", "run")
        assert everything.returncode == 1
        assert f"in use by the process {first.pid}, which hosts the service 'user'" in (
            everything.stderr
        )
    finally:
        first.terminate()
        first.wait(60)
        said.close()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("run", "lerning"), "There is no process 'lerning' (did you mean 'learning'?)"),
        (("run", "people", "--replica", "2"), "The process 'people' has 1 replicas; there is no 2"),
        (
            ("--set", "processes.money.services=[user]", "check"),
            "'user' is in the process 'people' already; it can have one",
        ),
        (
            ("--set", "processes.money.services=[user]", "check"),
            "services.payment: is in no process; add it to one under 'processes'",
        ),
        (("--set", "bus='memory:'", "up"), "'memory:' reaches one process only"),
    ],
)
def test_a_mistake_of_placement_is_a_sentence(
    site: Path, words: tuple[str, ...], sentence: str
) -> None:
    answer = colonnade(site, *words)
    assert answer.returncode == 1
    assert sentence in answer.stderr, answer.stderr


def test_a_process_that_is_declared_twice_is_named_with_its_line(site: Path) -> None:
    overlay = site / "platform.development.yaml"
    overlay.write_text(overlay.read_text() + "  money: {services: [payment]}\n")
    answer = colonnade(site, "check")
    assert answer.returncode == 1
    assert "platform.development.yaml:8:3" in answer.stderr
    assert "money" in answer.stderr


def test_a_gateway_that_waits_for_discovery_says_so_and_stops_when_told(site: Path) -> None:
    port, nobody = free_port(), free_port()
    settings = (f"gateway.port={port}", f"discovery=nats://127.0.0.1:{nobody}")
    words = [word for each in settings for word in ("--set", each)]
    reading, writing = os.pipe()
    gateway = ForkedCommand(*words, "run", "gateway", cwd=site, stdout=writing, stderr=writing)
    os.close(writing)
    output = os.fdopen(reading)
    try:
        while "waiting for the discovery" not in (line := output.readline()):
            assert line, "it ended"
        assert f"127.0.0.1:{nobody} cannot be reached" in line
        answer = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=10)
        assert answer.status_code == 503
        assert "cannot be reached" in answer.json()["waiting_for"]["start"]
        assert "127.0.0.1" not in answer.text
    finally:
        gateway.terminate()
        said = output.read()
        output.close()
        gateway.wait(60)
    assert gateway.returncode == 0
    assert "Unclosed" not in said
    assert "Traceback" not in said
