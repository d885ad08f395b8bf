"""Six processes with one service each, and the gateway: how soon they are ready, what they hold."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from benchmarks.processes import ServerProcess, access_token, make_site
from benchmarks.registry import Figure, at_most, told
from benchmarks.split import ONE_EACH, all_processes, children_of, declare_processes, nats_server

ROUNDS = 3
COURSES = 200
SOAK_MINUTES = float(os.environ.get("COLONNADE_SOAK_MINUTES", "1"))
"""How long memory is watched under load; ten minutes take ten minutes."""


def measure() -> Iterator[Figure]:
    """The median of three starts; the last platform is kept under load for a while."""
    with tempfile.TemporaryDirectory() as folder, nats_server() as url:
        seconds = []
        for number in range(ROUNDS):
            site = make_site(Path(folder) / f"site-{number}")
            declare_processes(site, ONE_EACH)
            with all_processes(site, url) as gateway:
                seconds.append(gateway.seconds)
                if number == ROUNDS - 1:
                    figures = list(_memory(gateway))
    every = ", ".join(f"{each:.1f}" for each in seconds)
    yield at_most("six processes ready", 10, sorted(seconds)[ROUNDS // 2], "s", f"each: {every} s")
    yield from figures


def _memory(gateway: ServerProcess) -> Iterator[Figure]:
    children = children_of(gateway.pid)
    before = {name: _resident(pid) for name, pid in children.items()}
    requests = _load(gateway, SOAK_MINUTES * 60)
    after = {name: _resident(pid) for name, pid in children.items()}
    for name, held in before.items():
        growth = f"{after[name] - held:+.1f} MB in {SOAK_MINUTES:g} min, {requests} requests"
        yield told(f"resident memory of '{name}'", f"{held:.0f} MB", growth)


def _load(gateway: ServerProcess, seconds: float) -> int:
    """Courses are made and published, then read with what their owner sees; how many requests."""
    count, until = 0, time.monotonic() + seconds
    courses: list[str] = []
    owner = {"Authorization": f"Bearer {access_token(gateway)}"}
    base, tenant = f"{gateway.url}/api/v1", {"X-Tenant": "acme"}
    with httpx.Client(base_url=base, headers=tenant, timeout=30) as client:
        while time.monotonic() < until:
            # As many as a person may make in a day are soon made.
            if len(courses) < COURSES:
                body = {"title": "Python", "slug": f"python-{count}"}
                made = client.post("/courses", json=body, headers=owner).raise_for_status()
                courses.append(made.json()["id"])
                client.post(f"/courses/{courses[-1]}/publish", headers=owner).raise_for_status()
                count += 2
            course = courses[count % len(courses)]
            for path in (f"/courses/{course}", "/courses", "/users/me", "/notifications"):
                client.get(path, headers=owner).raise_for_status()
            count += 4
    return count


def _resident(pid: int) -> float:
    return ServerProcess(0, pid, 0.0).resident_megabytes()
