"""What people do shows in the numbers, over HTTP, on the demo declaration."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import colonnade_analytics.plugin
import colonnade_content.plugin
import colonnade_course.plugin
import colonnade_notification.plugin
import colonnade_user.plugin
from colonnade_runtime.testing.platform import RunningPlatform, running_platform

ROOT = Path(__file__).parents[2]
OWNER_PASSWORD = "a password for the owner"
PASSWORD = "a password for a learner"


@pytest.fixture
async def platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bus_settings: list[str]
) -> AsyncIterator[RunningPlatform]:
    monkeypatch.setenv("COLONNADE_OWNER_PASSWORD", OWNER_PASSWORD)
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    declaration = Path(shutil.copy(ROOT / "platform.yaml", tmp_path))
    async with running_platform(
        declaration,
        settings=bus_settings,
        plugins=[
            colonnade_user.plugin,
            colonnade_course.plugin,
            colonnade_content.plugin,
            colonnade_analytics.plugin,
            colonnade_notification.plugin,
        ],
    ) as running:
        yield running


async def sign_in(platform: RunningPlatform, tenant: str, email: str, password: str) -> str:
    async with platform.client(tenant) as client:
        answer = await client.post("/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


async def owner(platform: RunningPlatform, tenant: str) -> httpx.AsyncClient:
    token = await sign_in(platform, tenant, f"owner@{tenant}.example", OWNER_PASSWORD)
    return platform.client(tenant, token)


async def learner(platform: RunningPlatform, tenant: str, name: str) -> httpx.AsyncClient:
    email = f"{name}@learners.example"
    async with platform.client(tenant) as client:
        body = {"email": email, "password": PASSWORD, "name": name}
        assert (await client.post("/auth/register", json=body)).status_code == 201
    return platform.client(tenant, await sign_in(platform, tenant, email, PASSWORD))


async def created(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> Any:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def published_course(client: httpx.AsyncClient, **more: Any) -> tuple[str, list[str]]:
    """A published course of three lessons: its id and theirs."""
    course = await created(client, "/courses", {"title": "Python", "slug": "python", **more})
    section = await created(
        client, "/sections", {"course_id": course["id"], "title": "All", "position": 0}
    )
    lessons = [
        await created(
            client,
            "/lessons",
            {"section_id": section["id"], "title": f"Lesson {number}", "position": number},
        )
        for number in range(3)
    ]
    assert (await client.post(f"/courses/{course['id']}/publish")).status_code == 200
    return course["id"], [lesson["id"] for lesson in lessons]


async def metrics_when(
    client: httpx.AsyncClient, seen: Any, query: str = "interval=day"
) -> dict[str, Any]:
    """The metrics as soon as `seen` holds of them, within a bound."""
    async with asyncio.timeout(20):
        while True:
            answer = await client.get(f"/metrics?{query}")
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            if seen(found):
                return found
            await asyncio.sleep(0.02)


@pytest.mark.journey
async def test_enrolments_show_in_the_metrics_of_their_day(platform: RunningPlatform) -> None:
    staff = await owner(platform, "acme")
    course, lessons = await published_course(staff)
    for number in range(2):
        one = await learner(platform, "acme", f"learner{number}")
        enrollment = (await created(one, "/enrollments", {"course_id": course}))["id"]
        for lesson in lessons:
            path = f"/enrollments/{enrollment}/lessons/{lesson}"
            assert (await one.put(path, json={"status": "completed"})).status_code == 200
    found = await metrics_when(staff, lambda metrics: metrics["total"]["completions"] == 2)
    assert found["timezone"] == "Europe/Berlin"
    assert len(found["items"]) == 30
    assert sum(item["enrolments"] for item in found["items"]) == 2
    assert found["total"]["lessons_completed"] == 6
    assert found["total"]["active_learners"] is None, "two people are too few to be shown"
    globex = await owner(platform, "globex")
    assert (await globex.get("/metrics")).json()["total"]["enrolments"] == 0
