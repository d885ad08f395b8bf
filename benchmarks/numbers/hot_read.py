"""A hot course read over HTTP, beside an empty handler and an ordinary one on the same server; and
a learner's page of twenty courses, kept and not."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx

from benchmarks.load import requests_per_second
from benchmarks.measuring import in_turn
from benchmarks.processes import ServerProcess, access_token, make_site, module, platform
from benchmarks.registry import Figure, at_least

CONNECTIONS = 16
OURS = {
    "log off": ("logging.access=false",),
    "log on": ("logging.access=true",),
    "cache empty": ("logging.access=false", "gateway.row_cache=0B"),
}
"""What is compared, and what is set for it; with room for nothing, the cache is always empty."""


PAGES = {"cache empty": ("off", 0.25), "log off": ("on", 0.5)}
"""Where a page is read too: with the row cache off or on, and what is asked of it."""
COURSES = 25
LEARNER = {"email": "ada@learners.example", "password": "a password for a learner"}


def measure() -> Iterator[Figure]:
    """Everything takes turns in one run."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        candidates: dict[str, Callable[[], float]] = {}
        for kind in ("empty", "ordinary"):
            server = stack.enter_context(module("benchmarks.peers", kind, folder))
            candidates[kind] = _asking(server, "/", {})
        for name, settings in OURS.items():
            site = make_site(Path(folder) / name.replace(" ", "-"))
            server = stack.enter_context(platform(site, *settings))
            candidates[name] = _hot_read(server)
            if name in PAGES:
                candidates[f"page, {name}"] = _page(server)
        for candidate in candidates.values():
            candidate()
        rates = in_turn(candidates)
    yield from _figures(rates)


def _figures(rates: dict[str, float]) -> Iterator[Figure]:
    empty, ordinary = rates["empty"], rates["ordinary"]
    beside = f"{rates['log off']:.0f} and {empty:.0f} requests per second"
    yield at_least(
        f"hot read / empty handler, {CONNECTIONS} connections, access log off",
        0.6,
        rates["log off"] / empty,
        f"{beside}; an ordinary SQLAlchemy handler is at {ordinary / empty:.3f}",
    )
    yield at_least("the same, access log on", 0.4, rates["log on"] / empty)
    yield at_least(
        "the same, row cache empty / ordinary SQLAlchemy handler",
        1.0,
        rates["cache empty"] / ordinary,
        f"{rates['cache empty']:.0f} and {ordinary:.0f} requests per second",
    )

    for name, (cache, asked) in PAGES.items():
        page = rates[f"page, {name}"]
        yield at_least(
            f"page of twenty courses / empty handler, {CONNECTIONS} connections, row cache {cache}",
            asked,
            page / empty,
            f"{page:.0f} and {empty:.0f} requests per second",
        )


def _page(server: ServerProcess) -> Callable[[], float]:
    owner = {"X-Tenant": "acme", "Authorization": f"Bearer {access_token(server)}"}
    with httpx.Client(base_url=f"{server.url}/api/v1", headers=owner, timeout=30) as client:
        for number in range(COURSES):
            title, slug = f"Course {number}", f"course-{number}"
            told = {"title": title, "slug": slug, "summary": "Twenty words. " * 10}
            course = client.post("/courses", json=told).raise_for_status().json()["id"]
            client.post(f"/courses/{course}/publish").raise_for_status()
        client.post("/auth/register", json={**LEARNER, "name": "Ada"}).raise_for_status()
        signed_in = client.post("/auth/login", json=LEARNER).raise_for_status().json()
    learner = {**owner, "Authorization": f"Bearer {signed_in['access_token']}"}
    return _asking(server, "/api/v1/courses", learner)


def _hot_read(server: ServerProcess) -> Callable[[], float]:
    headers = {"X-Tenant": "acme", "Authorization": f"Bearer {access_token(server)}"}
    with httpx.Client(base_url=f"{server.url}/api/v1", headers=headers, timeout=30) as client:
        made = client.post("/courses", json={"title": "Python", "slug": "python"})
        course = made.raise_for_status().json()["id"]
        client.post(f"/courses/{course}/publish").raise_for_status()
    return _asking(server, f"/api/v1/courses/{course}", headers)


def _asking(server: ServerProcess, path: str, headers: dict[str, str]) -> Callable[[], float]:
    return lambda: requests_per_second(server.port, path, headers, connections=CONNECTIONS)
