"""What `/metrics` says of requests by route, of the row cache and of the stores."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from colonnade_runtime.testing.platform import RunningPlatform, running_platform
from tests.journeys.support.academy import (
    OWNER_PASSWORD,
    copied_declaration,
    owner,
    published_course,
)

SAMPLE = re.compile(r"^(colonnade_\w+)(\{.*\})? (\S+)$", re.MULTILINE)
REQUESTS = "colonnade_http_requests_total"


@pytest.fixture
async def platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningPlatform]:
    monkeypatch.setenv("COLONNADE_OWNER_PASSWORD", OWNER_PASSWORD)
    async with running_platform(copied_declaration(tmp_path)) as running:
        yield running


async def samples(platform: RunningPlatform) -> dict[tuple[str, str], float]:
    """Name and labels, as Prometheus reads them → value."""
    async with httpx.AsyncClient(base_url=platform.url) as client:
        text = (await client.get("/metrics")).text
    return {(name, labels): float(value) for name, labels, value in SAMPLE.findall(text)}


def requests(method: str, route: str, status: int) -> tuple[str, str]:
    return REQUESTS, f'{{method="{method}",route="{route}",status="{status}"}}'


async def test_requests_are_counted_by_declared_paths_however_they_are_answered(
    platform: RunningPlatform,
) -> None:
    staff = await owner(platform.url, "acme")
    course, _ = await published_course(staff)
    async with platform.client("acme") as visitor:
        for _ in range(3):
            await visitor.get(f"/courses/{course}")
        await visitor.head(f"/courses/{course}")
        for _ in range(20):
            await visitor.get(f"/courses/{uuid4()}")
            await visitor.get(f"/{uuid4()}")
            await visitor.get("/courses", headers={"Authorization": "Bearer nobody"})
        await visitor.post("/courses", json={"title": "Mine", "slug": "mine"})
    found = await samples(platform)
    one = "/api/v1/courses/{course_id}"
    assert found[requests("GET", one, 200)] == 3
    assert found[requests("HEAD", one, 200)] == 1
    assert found[requests("GET", one, 404)] == 20
    assert found[requests("GET", "none", 404)] == 20
    assert found[requests("GET", "none", 401)] == 20
    assert found[requests("POST", "/api/v1/courses", 401)] == 1
    assert len([key for key in found if key[0] == REQUESTS]) < 15, "no series by what clients write"


async def test_the_row_cache_says_what_it_saved_and_the_stores_how_many_files_are_open(
    platform: RunningPlatform,
) -> None:
    staff = await owner(platform.url, "acme")
    course, _ = await published_course(staff)
    before = await samples(platform)
    async with platform.client("acme") as visitor:
        for _ in range(5):
            await visitor.get(f"/courses/{course}")
    read = await samples(platform)
    hits, misses = (
        ("colonnade_row_cache_reads_total", f'{{result="{result}"}}') for result in ("hit", "miss")
    )
    assert read[hits] - before[hits] == 4
    assert read[misses] - before[misses] == 1
    assert read["colonnade_row_cache_bytes", ""] > before["colonnade_row_cache_bytes", ""]
    change = ("colonnade_row_cache_evictions_total", '{reason="change"}')
    await staff.patch(f"/courses/{course}", json={"title": "Other"})
    assert (await samples(platform))[change] == read[change] + 1
    opened = read["colonnade_store_files_opened_total", ""]
    assert 0 < read["colonnade_store_files", ""] <= opened
    assert read["colonnade_store_writes_waiting", ""] == 0
