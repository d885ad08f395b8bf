"""`colonnade status`: what it makes of what the processes say."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from colonnade_runtime.admin import client
from colonnade_runtime.cli import main
from colonnade_runtime.cli.status import _standing, problems_of

PLATFORM = """\
version: 1
environment: development
services: {}
"""


FAULT = {
    "source": "shop", "kind": "till", "tenant": "acme", "sentence": "It is jammed.",
    "mend": "Open it.", "since": "noon",
}  # fmt: skip


def said(process: str, **more: Any) -> dict[str, Any]:
    """What a process that is well says."""
    usual = {
        "process": process, "state": "ready", "version": "1", "declaration": "aaaaaaaaaaaa",
        "policies": "cccccccccccc", "waiting_for": {}, "degraded": {}, "services": [],
    }  # fmt: skip
    return usual | more


def owning(service: str, owner: bool | None) -> dict[str, Any]:
    return {"service": service, "owner": owner}


def test_processes_that_are_well_are_no_problem() -> None:
    found = [
        said("gateway", policies=""),
        said("web", services=[owning("user", True), owning("files", None)]),
        said("web-2", services=[owning("user", False), owning("files", None)]),
    ]
    assert problems_of(found) == []


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ([said("web", state="does not run")], "web does not run: colonnade run web."),
        ([said("web-2", state="does not run")], "colonnade run web --replica 2."),
        ([said("main", state="does not run")], "main does not run: colonnade run."),
        ([said("web", state="starts")], "web is starting; its log and its /readyz say"),
        ([said("web", waiting_for={"bus": "no server"})], "web is not ready: bus: no server"),
        ([said("web", faults=[FAULT])], "web: It is jammed. (acme) Since noon. Open it."),
        ([said("web", services=[owning("user", True) | {"dead_letters": 2}])], "has given up 2"),
        (
            [said("web"), said("web-2", version="2")],
            "Processes run different releases (web: 1; web-2: 2): reload or restart the older",
        ),
        (
            [said("web"), said("money", declaration="bbbbbbbbbbbb")],
            "different declarations (web: aaaaaaaa; money: bbbbbbbb)",
        ),
        ([said("web"), said("money", policies="d")], "Processes run different policies"),
        (
            [said("web", services=[owning("user", False)])],
            "No process owns the background work of 'user'",
        ),
    ],
)
def test_a_problem_is_a_sentence(found: list[dict[str, Any]], sentence: str) -> None:
    [problem] = problems_of(found)
    assert sentence in problem


def test_a_platform_that_does_not_run_is_said_to(tmp_path: Path) -> None:
    for folder in ("tenants", "policies"):
        (tmp_path / folder).mkdir()
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    runner = CliRunner()
    answer = runner.invoke(main, ["--platform", str(tmp_path / "platform.yaml"), "status"])
    assert answer.exit_code == 1
    assert "main does not run: colonnade run." in answer.output


@pytest.mark.skipif(sys.platform != "linux", reason="others do not tell which process is paused")
def test_a_paused_process_is_named_at_once(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from colonnade_runtime.process.socket_file import claimed\n"
        "with claimed(Path(sys.argv[1]), 'main', 'colonnade run') as listener:\n"
        "    listener.listen(); os.kill(os.getpid(), signal.SIGSTOP)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    try:
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        began = time.monotonic()
        found = _standing(tmp_path, "main")
        assert time.monotonic() - began < 3
        [problem] = problems_of([found])
        assert f"main stands still: process {process.pid} is paused" in problem
    finally:
        process.kill()
        process.wait()


CLAIM = """
import asyncio, sys
from pathlib import Path
import structlog
from colonnade_runtime.admin.server import AdminServer
from colonnade_runtime.process.socket_file import claimed
from colonnade_runtime.admin.commands.table import COMMANDS

async def main():
    with claimed(Path(sys.argv[1]), "main", "colonnade run") as listener:
        server = AdminServer(listener, COMMANDS, structlog.get_logger())
        await server.start()
        print("started", flush=True)
        {then}

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("then", "sentence"),
    [
        (
            "while True: pass",
            "main does not answer: process {pid} runs and is busy with something that it does not "
            "leave. Its log may say with what; when it lasts, end it with kill -9 {pid}",
        ),
        ("await asyncio.sleep(600)", "main is starting; its log and its /readyz say"),
    ],
)
def test_a_process_that_hangs_is_told_from_one_that_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, then: str, sentence: str
) -> None:
    monkeypatch.setitem(problems_of.__globals__, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(client, "GRACE", 2.0)
    code = CLAIM.replace("{then}", then)
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        [problem] = problems_of([_standing(tmp_path, "main")])
        assert problem.startswith(sentence.format(pid=process.pid))
    finally:
        process.kill()
        process.wait()
