"""A platform in several processes over a NATS server of its own, for measurements."""

import json
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import ROOT, ServerProcess, colonnade
from colonnade_runtime.testing.servers.binaries import find_program
from colonnade_runtime.testing.servers.server_kinds import KINDS
from colonnade_runtime.testing.servers.server_process import free_port, running_server

SERVICES = ("user", "course", "content", "payment", "analytics", "notification")
ONE_EACH: Mapping[str, Sequence[str]] = {f"{name}s": [name] for name in SERVICES}
"""Six processes with one service each."""


@contextmanager
def nats_server() -> Iterator[str]:
    """The URL of a server that writes what it acknowledges, as the configuration we ship does."""
    kind = KINDS["nats"]
    program = find_program(kind, lambda line: print(line, file=sys.stderr))
    page = (ROOT / "docs" / "operators" / "nats.md").read_text("utf-8")
    assert re.search(r"^\s*sync_interval: always$", page, re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nats-server.conf"
        path.write_text("jetstream { sync_interval: always }\n")
        with running_server(kind, program, ("--config", str(path))) as server:
            yield server.url


def declare_processes(site: Path, hosted: Mapping[str, Sequence[str]]) -> None:
    """Say which process hosts which services, in an overlay beside platform.yaml."""
    processes = {name: {"services": list(services)} for name, services in hosted.items()}
    (site / "platform.development.yaml").write_text(json.dumps({"processes": processes}))


@contextmanager
def all_processes(site: Path, nats_url: str, *settings: str) -> Iterator[ServerProcess]:
    """`colonnade up`, ready: the port of the gateway, and those of the others after it."""
    port = ports_in_a_row(len(SERVICES) + 1)
    chosen = (f"bus={nats_url}", "logging.access=false", *settings)
    with colonnade(site, "up", port, *chosen) as server:
        yield server


def children_of(pid: int) -> dict[str, int]:
    """The processes that a supervisor started: name → process id."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = {}
    for child in map(int, listed):
        # The words of a forked process are one text, those of an executed one end with a zero.
        line = Path(f"/proc/{child}/cmdline").read_bytes().decode()
        words = line.replace("\0", " ").split()
        if "run" in words:
            found[words[words.index("run") + 1]] = child
    return found


def ports_in_a_row(count: int) -> int:
    """The first of `count` ports; the others are seldom taken, and a start says so."""
    while (first := free_port()) + count > 65535:
        pass
    return first
