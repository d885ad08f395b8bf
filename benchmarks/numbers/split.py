"""Six processes with one service each, and the gateway: how soon they are ready, what they hold."""

import http.client
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

import httpx

from benchmarks.processes import ServerProcess, access_token, make_site, platform
from benchmarks.registry import Figure, at_most, told
from benchmarks.split import ONE_EACH, all_processes, children_of, declare_processes, nats_server

ROUNDS = 3
COURSES = 200
REQUESTS = 1000
READ = {
    "users": "/users/me",
    "courses": "/courses",
    "contents": "/content",
    "payments": "/payments",
    "analyticss": "/metrics",
    "notifications": "/notifications",
    "gateway": "/courses",
}
"""A list or a page of each process, which its owner reads."""

SOAK_MINUTES = float(os.environ.get("COLONNADE_SOAK_MINUTES", "1"))
"""How long memory is watched under load; ten minutes take ten minutes."""


def measure() -> Iterator[Figure]:
    """Starts in turn with those of one process, on stores that exist; the last platform is kept
    under load for a while."""
    with tempfile.TemporaryDirectory() as folder, nats_server() as url:
        alone, site = make_site(Path(folder) / "alone"), make_site(Path(folder) / "site")
        declare_processes(site, ONE_EACH)
        one, seven = [], []
        for number in range(ROUNDS + 1):
            with platform(alone) as server:
                one.append(server.seconds)
            with all_processes(site, url) as gateway:
                seven.append(gateway.seconds)
                if number == ROUNDS:
                    figures = list(_memory(gateway))
    # The first of each made the stores.
    del one[0], seven[0]
    every = f"each: {_listed(seven)} s; one: {_listed(one)} s"
    what = "six processes and the gateway ready"
    yield at_most(what, 10, median(seven), "s", every)
    yield at_most(f"{what} / one ready", 1.8, median(seven) / median(one), "times")
    yield from figures


def _listed(seconds: list[float]) -> str:
    return ", ".join(f"{each:.1f}" for each in seconds)


def _memory(gateway: ServerProcess) -> Iterator[Figure]:
    children = children_of(gateway.pid)
    assert children.keys() == READ.keys()
    # Shared pages count for each process by its share: the sum is what the seven take.
    held = sum(map(_proportional, children.values()))
    yield at_most("memory (PSS) of all seven when ready", 450, held, "MB", _each(children))
    _read(gateway)
    held = sum(map(_proportional, children.values()))
    what = f"memory (PSS) of all seven after {REQUESTS:,} requests each"
    yield at_most(what, 650, held, "MB", _each(children))
    before = {name: _resident(pid) for name, pid in children.items()}
    requests = _load(gateway, SOAK_MINUTES * 60)
    after = {name: _resident(pid) for name, pid in children.items()}
    for name, held in before.items():
        growth = f"{after[name] - held:+.1f} MB in {SOAK_MINUTES:g} min, {requests} requests"
        yield told(f"resident memory of '{name}'", f"{held:.0f} MB", growth)


def _each(children: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {_proportional(pid):.0f}" for name, pid in children.items())


def _read(gateway: ServerProcess) -> None:
    """Read from each process straight; their ports follow that of the gateway."""
    headers = {"X-Tenant": "acme", "Authorization": f"Bearer {access_token(gateway)}"}
    names = ["gateway", *ONE_EACH]
    for offset, name in enumerate(names):
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port + offset, timeout=30)
        for _ in range(REQUESTS):
            connection.request("GET", f"/api/v1{READ[name]}", headers=headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, f"{name} answered {answer.status}"
        connection.close()


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


def _proportional(pid: int) -> float:
    return ServerProcess(0, pid, 0.0).proportional_megabytes()
