"""The real command with nobody to take what it writes: it serves, stops, and says what is lost."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from colonnade_process import ROOT, free_port, until

from tests.forked_commands import ForkedCommand

pytestmark = pytest.mark.slow

PLATFORM = """\
version: 1
environment: development
logging: {format: json, level: info}
services: {user: {}}
"""
TENANT = """\
version: 1
id: acme
name: Acme
owner: {email: owner@acme.example}
currency: EUR
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "tenants").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "platform.yaml").write_text(PLATFORM)
    (tmp_path / "tenants" / "acme.yaml").write_text(TENANT)
    entry = (ROOT / "policies" / "colonnade.rego").read_text()
    (tmp_path / "policies" / "colonnade.rego").write_text(entry)
    return tmp_path


class Served:
    """`colonnade run` whose two outputs are one descriptor of ours."""

    def __init__(self, site: Path, output: int, *arguments: str) -> None:
        self.port = free_port()
        words = ["--platform", str(site / "platform.yaml"), "--set", f"gateway.port={self.port}"]
        self.process = ForkedCommand(
            *words, *arguments, "run", cwd=site, stdout=output, stderr=output
        )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=5)

    def is_ready(self) -> bool:
        assert self.process.poll() is None
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def refused(self, times: int) -> None:
        """Many requests of a stranger, of the kinds that are refused in different places."""
        token = {"X-Tenant": "acme", "Authorization": f"Bearer {'x.' * 100}"}
        for _ in range(times):
            for path, headers in (
                ("/api/v1/users", {"X-Tenant": "acme"}),
                ("/api/v1/users", token),
                ("/api/v1/users", {"X-Tenant": "nobody"}),
                (f"/api/v1/{'y' * 400}", {"X-Tenant": "acme"}),
            ):
                assert self.client.get(path, headers=headers).status_code in (401, 404)

    def lost(self) -> float:
        found = self.client.get("/metrics").text
        return sum(
            float(line.split()[-1])
            for line in found.splitlines()
            if line.startswith("colonnade_log_lines_lost_total")
        )

    def stops(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextmanager
def served(site: Path, output: int, *arguments: str) -> Iterator[Served]:
    process = Served(site, output, *arguments)
    try:
        until(process.is_ready)
        yield process
    finally:
        process.process.kill()
        process.process.wait()


def fill(pipe: int) -> None:
    """Leave no room in it."""
    os.set_blocking(pipe, False)
    with suppress(BlockingIOError):
        while True:
            os.write(pipe, b"x" * 65_536)
    os.set_blocking(pipe, True)


def test_a_pipe_that_nobody_reads_holds_up_nobody_and_the_loss_is_told(site: Path) -> None:
    reading, writing = os.pipe()
    try:
        # From the first moment, as behind a collector that hangs.
        fill(writing)
        with served(site, writing, "--set", "logging.level=debug") as process:
            process.refused(200)
            assert until(lambda: process.client.get("/livez").status_code == 200)
            os.close(writing)
            _read_until(reading, b'"event":"request"')
            assert process.stops() == 0
    finally:
        os.close(reading)


def _read_until(descriptor: int, wanted: bytes) -> bytes:
    read = b""
    end = time.monotonic() + 30
    while wanted not in read:
        found, _, _ = select.select([descriptor], [], [], max(0.0, end - time.monotonic()))
        assert found, read[-2000:]
        read += os.read(descriptor, 65_536)
    return read


def test_a_reader_that_is_gone_ends_nothing(site: Path) -> None:
    reading, writing = os.pipe()
    with served(site, writing) as process:
        os.close(writing)
        os.close(reading)
        process.refused(50)
        until(lambda: process.lost() > 100)
        assert process.stops() == 0


def test_a_full_disk_breaks_no_answer(site: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        with served(site, full) as process:
            process.refused(50)
            until(lambda: process.lost() > 100)
            assert process.stops() == 0
    finally:
        os.close(full)


def test_a_full_pipe_does_not_keep_a_start_that_is_refused(site: Path) -> None:
    reading, writing = os.pipe()
    fill(writing)
    (site / "platform.yaml").write_text("version: 1\nnonsense: true\n")
    process = Served(site, writing)
    try:
        assert process.process.wait(30) == 1
    finally:
        process.process.kill()
        os.close(reading)
        os.close(writing)


def test_standard_error_that_was_closed_becomes_no_file_of_the_platform(site: Path) -> None:
    command = f"exec {sys.executable} -m colonnade_runtime --platform platform.yaml"
    port = free_port()
    process = subprocess.Popen(
        ["/bin/sh", "-c", f"{command} --set gateway.port={port} run >&- 2>&-"], cwd=site
    )
    try:
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=5)

        def is_ready() -> bool:
            assert process.poll() is None
            try:
                return client.get("/readyz").status_code == 200
            except httpx.TransportError:
                return False

        until(is_ready)
        for number in (1, 2):
            assert os.readlink(f"/proc/{process.pid}/fd/{number}") == "/dev/null"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def entries(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


def test_the_log_tells_the_life_of_a_process_and_what_a_reload_changed(site: Path) -> None:
    log = site / "log"
    with log.open("wb") as file, served(site, file.fileno()) as process:
        tenant = site / "tenants" / "acme.yaml"
        tenant.write_text(tenant.read_text().replace("Acme", "Acme Academy"))
        second = tenant.read_text().replace("acme", "globex")
        (site / "tenants" / "globex.yaml").write_text(second)
        until(lambda: "globex" in log.read_text())
        assert process.stops() == 0
    found = {line["event"]: line for line in entries(log)}
    life = ["starting", "ready", "reloaded", "stopping", "stopped"]
    assert [event for event in found if event in life] == life
    assert (found["ready"]["port"], found["ready"]["tenants"]) == (process.port, 1)
    last = [line for line in entries(log) if line["event"] == "reloaded"]
    assert [name for line in last for name in line.get("added", [])] == ["globex"]
    assert "acme" in [name for line in last for name in line.get("changed", [])]


def test_a_flood_of_refusals_is_a_few_lines_that_say_who_which_rule_and_why(site: Path) -> None:
    log = site / "log"
    with (
        log.open("wb") as file,
        served(site, file.fileno(), "--set", "logging.access=false") as process,
    ):
        process.refused(300)
        assert process.stops() == 0
    lines = entries(log)
    assert len(lines) < 100
    refused = next(line for line in lines if line["event"] == "refused")
    assert (refused["principal"], refused["client"]) == ("anonymous", "127.0.0.0/24")
    assert refused["action"] == "user.read"
    assert refused["rule"] == "data.colonnade.services.user.grants"
    assert refused["reason"] == "No policy grants 'user.read' to this principal."


def test_what_machines_read_is_one_object_a_line(site: Path) -> None:
    log = site / "log"
    with log.open("wb") as file, served(site, file.fileno()) as process:
        process.refused(2)
        assert process.stops() == 0
    lines = entries(log)
    assert {"request", "refused"} <= {line["event"] for line in lines}
    request = next(line for line in lines if line["event"] == "request" and line["principal"])
    assert (request["principal"], request["client"]) == ("anonymous", "127.0.0.0/24")
