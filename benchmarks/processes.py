"""Servers in processes of their own, started and stopped for a measurement."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
OWNER_PASSWORD = "a password for the owner"
START_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A running server; `seconds` is how long it took to answer."""

    port: int
    pid: int
    seconds: float

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def resident_megabytes(self) -> float:
        """Memory it holds, as Linux says (`VmRSS`)."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("this system does not say how much memory a process holds")

    def proportional_megabytes(self) -> float:
        """Memory it holds, with its share of what it shares, as Linux says (`Pss`)."""
        for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("this system does not say how much memory processes share")

    def processor_seconds(self) -> float:
        """Time it has spent on processors so far, its own and the system's for it."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def open_files(self) -> int:
        """How many file descriptors it holds."""
        return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())


def make_site(folder: Path) -> Path:
    """The demo platform in a folder of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "platform.yaml", folder)
    return folder


def add_tenants(site: Path, count: int) -> list[str]:
    """Declare `count` more academies like acme; their ids."""
    template = (site / "tenants" / "acme.yaml").read_text(encoding="utf-8")
    names = [f"academy-{number:04}" for number in range(count)]
    for name in names:
        text = template.replace("id: acme", f"id: {name}").replace("@acme.", f"@{name}.")
        (site / "tenants" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return names


@contextmanager
def platform(site: Path, *settings: str) -> Iterator[ServerProcess]:
    """`colonnade run` on a free port, ready; its log goes to a file beside platform.yaml."""
    chosen = ("logging.format=json", "tenants.watch=false", *settings)
    with colonnade(site, "run", free_port(), *chosen) as server:
        yield server


@contextmanager
def colonnade(site: Path, command: str, port: int, *settings: str) -> Iterator[ServerProcess]:
    """A command that serves on `port`, once it is ready; its log goes beside platform.yaml."""
    chosen = [f"gateway.port={port}", *settings]
    flags = [part for setting in chosen for part in ("--set", setting)]
    with (site / f"log-{port}.txt").open("wb") as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "colonnade_runtime", *flags, command],
            cwd=site,
            env={**os.environ, "COLONNADE_OWNER_PASSWORD": OWNER_PASSWORD},
            stdout=log,
            stderr=log,
        )
        with stopping(process):
            wait_until_answered(process, f"http://127.0.0.1:{port}/readyz")
            yield ServerProcess(port, process.pid, time.perf_counter() - started)


@contextmanager
def module(name: str, *arguments: str) -> Iterator[ServerProcess]:
    """`python -m NAME PORT ARGUMENTS…`, answering on `/`."""
    port = free_port()
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", name, str(port), *arguments], cwd=ROOT)
    with stopping(process):
        wait_until_answered(process, f"http://127.0.0.1:{port}/")
        yield ServerProcess(port, process.pid, time.perf_counter() - started)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def access_token(server: ServerProcess, tenant: str = "acme") -> str:
    """The owner of a tenant, signed in."""
    credentials = {"email": f"owner@{tenant}.example", "password": OWNER_PASSWORD}
    answer = httpx.post(
        f"{server.url}/api/v1/auth/login",
        json=credentials,
        headers={"X-Tenant": tenant},
        timeout=30,
    )
    token: str = answer.raise_for_status().json()["access_token"]
    return token


@contextmanager
def stopping(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ask a process to end after the block, and wait."""
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_answered(process: subprocess.Popen[bytes], url: str) -> None:
    """Wait until `url` is answered with success.

    Raises:
        RuntimeError: when the process ends, or it takes too long.
    """
    until = time.perf_counter() + START_SECONDS
    with httpx.Client(timeout=5) as client:
        while time.perf_counter() < until:
            if process.poll() is not None:
                raise RuntimeError(f"the server for {url} ended with {process.returncode}")
            try:
                if client.get(url).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.01)
    raise RuntimeError(f"{url} did not answer in {START_SECONDS:g} s")


__all__: Sequence[str] = (
    "ServerProcess",
    "access_token",
    "add_tenants",
    "colonnade",
    "free_port",
    "make_site",
    "module",
    "platform",
    "stopping",
    "wait_until_answered",
)
