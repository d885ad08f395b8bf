"""People learn in two academies that cannot see each other, over HTTP, on the demo declaration."""

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
def declaration(tmp_path: Path) -> Path:
    """The demo platform, in a folder of its own."""
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return Path(shutil.copy(ROOT / "platform.yaml", tmp_path))


@pytest.fixture
async def platform(
    declaration: Path, monkeypatch: pytest.MonkeyPatch, bus_settings: list[str]
) -> AsyncIterator[RunningPlatform]:
    monkeypatch.setenv("COLONNADE_OWNER_PASSWORD", OWNER_PASSWORD)
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
    """A published course of four lessons: its id and theirs."""
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
        for number in range(4)
    ]
    answer = await client.post(f"/courses/{course['id']}/publish")
    assert answer.status_code == 200, answer.text
    return course["id"], [lesson["id"] for lesson in lessons]


@pytest.mark.journey
async def test_a_learner_works_through_a_course_and_resumes_where_they_stopped(
    platform: RunningPlatform,
) -> None:
    course, lessons = await published_course(await owner(platform, "acme"))
    ada = await learner(platform, "acme", "ada")
    enrollment = (await created(ada, "/enrollments", {"course_id": course}))["id"]
    for number, lesson in enumerate(lessons):
        before = (await ada.get(f"/enrollments/{enrollment}")).json()
        assert before["progress"] == 25 * number
        assert before["resume_lesson_id"] == lesson
        done = await ada.put(
            f"/enrollments/{enrollment}/lessons/{lesson}", json={"status": "completed"}
        )
        assert done.status_code == 200, done.text
    after = (await ada.get(f"/enrollments/{enrollment}")).json()
    assert (after["progress"], after["status"]) == (100, "completed")


@pytest.mark.journey
async def test_the_last_of_ten_seats_goes_to_exactly_one_of_twenty(
    platform: RunningPlatform,
) -> None:
    course, _ = await published_course(await owner(platform, "acme"), seats=10)
    learners = [await learner(platform, "acme", f"learner{number}") for number in range(20)]
    answers = await asyncio.gather(
        *(one.post("/enrollments", json={"course_id": course}) for one in learners)
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [201] * 10 + [409] * 10


@pytest.mark.journey
async def test_the_other_academy_sees_none_of_it(platform: RunningPlatform) -> None:
    acme = await owner(platform, "acme")
    course, _ = await published_course(acme)
    globex = await owner(platform, "globex")
    assert (await globex.get("/courses")).json()["items"] == []
    assert (await globex.get(f"/courses/{course}")).status_code == 404
    foreign = platform.client("globex", acme.headers["Authorization"].removeprefix("Bearer "))
    assert (await foreign.get("/courses")).status_code == 401


@pytest.mark.journey
async def test_the_host_name_decides_the_academy(platform: RunningPlatform) -> None:
    async with httpx.AsyncClient(base_url=f"{platform.url}/api/v1") as client:
        named = await client.get("/courses", headers={"Host": "acme.localhost"})
        contradicted = await client.get(
            "/courses", headers={"Host": "acme.localhost", "X-Tenant": "globex"}
        )
        unknown = await client.get("/courses", headers={"Host": "nobody.localhost"})
        nameless = await client.get("/courses")
    codes = [answer.status_code for answer in (named, contradicted, unknown, nameless)]
    assert codes == [200, 400, 404, 400]
    assert contradicted.headers["content-type"] == "application/problem+json"


@pytest.mark.journey
async def test_an_account_that_is_deleted_leaves_its_courses(platform: RunningPlatform) -> None:
    """The user service publishes it, the course service reacts: over outbox, bus and inbox."""
    staff = await owner(platform, "acme")
    course, _ = await published_course(staff)
    ada = await learner(platform, "acme", "ada")
    enrollment = (await created(ada, "/enrollments", {"course_id": course}))["id"]
    me = (await ada.get("/users/me")).json()["id"]
    assert (await staff.delete(f"/users/{me}")).status_code == 204
    async with asyncio.timeout(10):
        while (await staff.get(f"/enrollments/{enrollment}")).json()["status"] != "ended":
            await asyncio.sleep(0.01)
