"""Servers for tests: found, started, broken on purpose, or missing with one clear line."""

import os
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from colonnade_runtime.testing.servers import (
    KINDS,
    MissingServer,
    RunningServer,
    find_program,
    running_server,
)
from colonnade_runtime.testing.servers.binaries import parse_version

StartServer = Callable[..., RunningServer]


def program_that_says(folder: Path, name: str, version: str) -> Path:
    """An executable that answers every question with a version."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{name}: v{version}'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PATH and an empty cache; answers the folder that is on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def accepts_connections(server: RunningServer) -> bool:
    return listens(server.port)


def listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("nats-server: v2.12.15\n", (2, 12, 15)),
        ("Version: 1.0.0\nGo Version: go1.24\n", (1, 0, 0)),
        ("postgres (PostgreSQL) 17.2", (17, 2, 0)),
        ("no number here", None),
    ],
)
def test_a_version_is_read_out_of_what_a_program_says(
    text: str, version: tuple[int, ...] | None
) -> None:
    assert parse_version(text) == version


def test_a_program_on_path_is_taken_when_it_is_new_enough(nothing_installed: Path) -> None:
    path = program_that_says(nothing_installed, "nats-server", "2.12.0")
    assert find_program(KINDS["nats"]) == path


def test_an_old_program_is_named_and_refused(nothing_installed: Path) -> None:
    path = program_that_says(nothing_installed, "nats-server", "2.9.10")
    with pytest.raises(MissingServer) as missing:
        find_program(KINDS["nats"])
    assert f"{path} is 2.9.10" in str(missing.value)


def test_one_line_says_what_is_missing_and_how_to_get_it(nothing_installed: Path) -> None:
    with pytest.raises(MissingServer) as missing:
        find_program(KINDS["opa"])
    sentence = str(missing.value)
    assert "\n" not in sentence
    assert "opa 1.0 or newer" in sentence
    assert "with Go on PATH it would be built from" in sentence


def test_a_build_that_fails_says_why(nothing_installed: Path) -> None:
    go = nothing_installed / "go"
    go.write_text("#!/bin/sh\necho 'go: no such version' >&2\nexit 1\n")
    go.chmod(0o755)
    with pytest.raises(MissingServer, match="failed: go: no such version"):
        find_program(KINDS["nats"])


@pytest.mark.parametrize(("ci", "status"), [("true", 1), ("", 0)])
def test_only_on_ci_is_a_missing_server_a_failure(
    nothing_installed: Path, ci: str, status: int
) -> None:
    environment = {name: value for name, value in os.environ.items() if "COLONNADE" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "colonnade_runtime.testing.servers", sys.executable, "-c", ""],
        env={**environment, "CI": ci},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == status, done.stderr
    assert "Missing for tests: nats-server" in done.stderr


@pytest.mark.parametrize(("ci", "outcome"), [("true", "1 error"), ("", "1 skipped")])
def test_tests_without_their_server_are_skipped_except_on_ci(
    nothing_installed: Path, tmp_path: Path, ci: str, outcome: str
) -> None:
    test = tmp_path / "test_it.py"
    test.write_text("def test_it(postgresql_url): pass\n")
    environment = {name: value for name, value in os.environ.items() if "COLONNADE" not in name}
    environment = {name: each for name, each in environment.items() if "PYTEST" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "--rootdir", str(tmp_path), str(test)],
        env={**environment, "CI": ci, "PIP_NO_INDEX": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert outcome in done.stdout, done.stdout + done.stderr
    assert "Missing for tests: postgres 15.0 or newer" in done.stdout


@pytest.mark.server
def test_a_command_finds_the_servers_in_its_environment(nats_url: str, opa_url: str) -> None:
    code = "import os; print(os.environ['COLONNADE_TEST_NATS_URL'])"
    done = subprocess.run(
        [sys.executable, "-m", "colonnade_runtime.testing.servers", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("nats://127.0.0.1:")


@pytest.mark.server
@pytest.mark.parametrize("name", ["nats", "postgresql"])
def test_a_server_comes_back_on_its_port_after_a_kill(start_server: StartServer, name: str) -> None:
    server = start_server(name)
    before = server.url
    server.kill()
    assert not accepts_connections(server)
    server.start()
    assert accepts_connections(server)
    assert server.url == before


@pytest.mark.server
def test_a_wiped_server_starts_with_nothing(start_server: StartServer) -> None:
    server = start_server("nats")
    server.stop()
    assert any(server.data.iterdir())
    server.wipe()
    server.start()
    assert accepts_connections(server)


@pytest.mark.server
async def test_what_was_committed_is_there_after_a_kill(start_server: StartServer) -> None:
    server = start_server("postgresql")
    connection = await asyncpg.connect(server.url)
    await connection.execute("SET synchronous_commit = on; CREATE TABLE kept (id int)")
    server.kill()
    connection.terminate()
    server.start()
    connection = await asyncpg.connect(server.url)
    assert await connection.fetch("SELECT * FROM kept") == []
    await connection.close()


@pytest.mark.server
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_server_that_refuses_root_runs_as_somebody_else(start_server: StartServer) -> None:
    server = start_server("postgresql")
    process = (server.data / "postmaster.pid").read_text().split("\n")[0]
    assert Path(f"/proc/{process}").stat().st_uid != 0


@pytest.mark.server
def test_a_server_without_a_data_folder_shows_its_log(start_server: StartServer) -> None:
    kind = KINDS["postgresql"]
    program = find_program(kind)

    def misspelt(program: Path, folder: Path) -> Sequence[str]:
        return [*preparing(program, folder), "--no-such-option"]

    preparing = kind.preparing
    assert preparing is not None
    with (
        pytest.raises(RuntimeError, match="no-such-option"),
        running_server(replace(kind, preparing=misspelt), program),
    ):
        pass


@pytest.mark.server
def test_a_server_that_cannot_start_shows_its_log(start_server: StartServer) -> None:
    with pytest.raises(RuntimeError, match="no such file"):
        start_server("nats", "--config", "absent.conf")


@pytest.mark.server
def test_the_policy_server_answers(opa_url: str) -> None:
    with urllib.request.urlopen(f"{opa_url}/health", timeout=5) as answer:
        assert answer.status == 200


@pytest.mark.server
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
@pytest.mark.parametrize("name", ["nats", "postgresql"])
def test_a_server_does_not_outlive_tests_that_were_killed(
    name: str, nats_url: str, postgresql_url: str
) -> None:
    code = (
        "from colonnade_runtime.testing.servers import *\n"
        "import sys\n"
        f"kind = KINDS['{name}']\n"
        "with running_server(kind, find_program(kind)) as server:\n"
        "    print(server.port, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    tests = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert tests.stdout is not None
    port = int(tests.stdout.readline())
    tests.kill()
    tests.wait()
    deadline = time.monotonic() + 10
    while listens(port):
        assert time.monotonic() < deadline
        time.sleep(0.02)
