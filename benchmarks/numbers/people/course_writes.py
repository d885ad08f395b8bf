"""Completed lessons and created courses a second over HTTP, effects included, beside raw commits.

They end when every service has handled the events of the last one.
"""

import asyncio
import re
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import httpx
import uvloop

from benchmarks.numbers.purchases import new_buyer, raw_commits
from benchmarks.processes import ServerProcess, access_token, make_site, platform
from benchmarks.registry import Figure, at_least

LEARNERS = 16
LESSONS = 40
"""Lessons that each of them completes, one after the other."""
COURSES = 320
AT_ONCE = 16
WARM_UPS = 2
COMMITS_A_COMPLETION_MAY_COST = 15
COMMITS_A_COURSE_MAY_COST = 20
SECONDS = 120.0
LOOK_EVERY = 0.05
QUIET_SECONDS = 1.0


def measure() -> Iterator[Figure]:
    """Everything runs on one disk; raw commits are measured before and after."""
    with tempfile.TemporaryDirectory() as folder:
        site = make_site(Path(folder) / "site")
        before = raw_commits(Path(folder))
        with platform(site, "logging.access=false") as server:
            completions, courses = uvloop.run(_rates(server))
        raw = (before + raw_commits(Path(folder))) / 2
    for what, rate, may_cost in (
        ("completed lessons", completions, COMMITS_A_COMPLETION_MAY_COST),
        ("created courses", courses, COMMITS_A_COURSE_MAY_COST),
    ):
        beside = (
            f"{rate.each:.0f} and {raw:.0f} a second, {rate.processor:.1f} ms of processor each"
        )
        yield at_least(
            f"{may_cost} × {what} over HTTP, effects included / raw durable commits",
            1.0,
            may_cost * rate.each / raw,
            beside,
        )


@dataclass(frozen=True, slots=True)
class _Rate:
    """Number a second, and milliseconds of the server's processor time for each."""

    each: float
    processor: float


async def _rates(server: ServerProcess) -> tuple[_Rate, _Rate]:
    limits = httpx.Limits(max_connections=AT_ONCE * 2)
    async with httpx.AsyncClient(
        base_url=server.url, headers={"X-Tenant": "acme"}, timeout=60, limits=limits
    ) as client:
        owner = {"Authorization": f"Bearer {access_token(server)}"}
        lessons, paths = await _learning(server, client, owner)
        warm = [path for each in paths for path in each[:WARM_UPS]]
        await _all(client, [partial(_complete, client, *each) for each in warm])
        completed = await _rate(
            server,
            client,
            [partial(_complete_all, client, each[WARM_UPS:]) for each in paths],
            LEARNERS * (lessons - WARM_UPS),
        )
        await _all(client, [partial(_create, client, owner)] * AT_ONCE)
        created = await _rate(
            server,
            client,
            [partial(_create_many, client, owner, COURSES // AT_ONCE)] * AT_ONCE,
            COURSES,
        )
        return completed, created


Work: TypeAlias = Callable[[], Awaitable[Any]]
Completion: TypeAlias = tuple[str, dict[str, str]]


async def _rate(
    server: ServerProcess, client: httpx.AsyncClient, works: Sequence[Work], number: int
) -> _Rate:
    await _last_effect(client)
    processor, started = server.processor_seconds(), time.perf_counter()
    await asyncio.gather(*(work() for work in works))
    seconds = await _last_effect(client) - started
    spent = server.processor_seconds() - processor
    return _Rate(number / seconds, spent / number * 1e3)


async def _all(client: httpx.AsyncClient, works: Sequence[Work]) -> None:
    await asyncio.gather(*(work() for work in works))
    await _last_effect(client)


async def _last_effect(client: httpx.AsyncClient) -> float:
    """Wait until events have been handled and no more are; the moment of the last one."""
    handled, changed = -1.0, time.perf_counter()
    async with asyncio.timeout(SECONDS):
        while time.perf_counter() - changed < QUIET_SECONDS:
            found = await _handled(client)
            if found != handled:
                handled, changed = found, time.perf_counter()
            await asyncio.sleep(LOOK_EVERY)
    return changed


async def _handled(client: httpx.AsyncClient) -> float:
    text = (await client.get("/metrics")).raise_for_status().text
    found = re.findall(r'^colonnade_events_total\{result="handled",.*\} (\S+)$', text, re.MULTILINE)
    return sum(map(float, found))


async def _learning(
    server: ServerProcess, client: httpx.AsyncClient, owner: dict[str, str]
) -> tuple[int, list[list[Completion]]]:
    """A course with lessons, and of each learner the paths at which they complete them."""
    course = await _create(client, owner)
    section = await _post(client, "/sections", owner, {"course_id": course, "title": "Start"})
    lessons = [
        (await _post(client, "/lessons", owner, {"section_id": section["id"], "title": f"{n}"}))[
            "id"
        ]
        for n in range(LESSONS + 1)
    ]
    await _post(client, f"/courses/{course}/publish", owner, None)
    paths = []
    async with httpx.AsyncClient(
        base_url=f"{server.url}/api/v1", headers={"X-Tenant": "acme"}, timeout=60
    ) as api:
        learners = [await new_buyer(api, number) for number in range(LEARNERS)]
    for learner in learners:
        enrolled = await _post(client, "/enrollments", learner, {"course_id": course})
        # The last lesson stays: to complete the course is another thing.
        paths.append(
            [(f"/enrollments/{enrolled['id']}/lessons/{each}", learner) for each in lessons[:-1]]
        )
    return LESSONS, paths


async def _complete_all(client: httpx.AsyncClient, paths: Sequence[Completion]) -> None:
    for path, learner in paths:
        await _complete(client, path, learner)


async def _complete(client: httpx.AsyncClient, path: str, learner: dict[str, str]) -> None:
    body = {"status": "completed"}
    answer = await client.put(f"/api/v1{path}", json=body, headers=learner)
    answer.raise_for_status()


async def _create_many(client: httpx.AsyncClient, owner: dict[str, str], number: int) -> None:
    for _ in range(number):
        await _create(client, owner)


async def _create(client: httpx.AsyncClient, owner: dict[str, str]) -> str:
    made = await _post(client, "/courses", owner, {"title": "Go", "slug": f"go-{uuid4().hex}"})
    course: str = made["id"]
    return course


async def _post(client: httpx.AsyncClient, path: str, who: dict[str, str], body: Any) -> Any:
    answer = await client.post(f"/api/v1{path}", json=body, headers=who)
    return answer.raise_for_status().json()
