"""What people do shows in the numbers, over HTTP, on the demo declaration."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

import colonnade_analytics.plugin
import colonnade_content.plugin
import colonnade_course.plugin
import colonnade_notification.plugin
import colonnade_payment.plugin
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
            colonnade_payment.plugin,
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


def client_events(number: int, course: str | None = None) -> list[dict[str, Any]]:
    now = datetime.now(UTC).isoformat()
    return [
        {"id": str(uuid4()), "name": "page.viewed", "occurred_at": now, "course_id": course}
        for _ in range(number)
    ]


async def finished(client: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    """The report that `body` asks for, as soon as it is made, within a bound."""
    asked = await client.post("/reports", json=body)
    assert asked.status_code == 202, asked.text
    location = asked.headers["location"].removeprefix("/api/v1")
    async with asyncio.timeout(60):
        while True:
            report: dict[str, Any] = (await client.get(location)).json()
            assert isinstance(report["progress"], int)
            if report["status"] in ("ready", "failed"):
                return report
            await asyncio.sleep(0.05)


@pytest.mark.journey
async def test_one_bad_event_of_ten_thousand_is_named_and_nothing_is_kept(
    platform: RunningPlatform,
) -> None:
    ada = await learner(platform, "acme", "ada")
    events = client_events(10_000)
    events[7319]["name"] = "Not A Name"
    refused = await ada.post("/analytics/events", json={"events": events})
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert [item["pointer"] for item in refused.json()["errors"]] == ["/events/7319/name"]
    assert (await ada.get("/analytics/events")).json()["items"] == []
    events[7319]["name"] = "a.name"
    kept = await ada.post("/analytics/events", json={"events": events})
    assert (kept.status_code, kept.json()) == (200, {"accepted": 10_000, "duplicates": 0})
    again = await ada.post("/analytics/events", json={"events": events[:10]})
    assert again.json() == {"accepted": 0, "duplicates": 10}


WRONG_EVENTS: list[tuple[list[dict[str, Any]], str]] = [
    ([], "/events"),
    ([{"id": "no", "name": "a", "occurred_at": "2026-01-01T00:00:00Z"}], "/events/0/id"),
    ([{"name": "a", "occurred_at": "2026-01-01T00:00:00Z"}], "/events/0/id"),
    ([{**client_events(1)[0], "occurred_at": "2026-01-01T00:00:00"}], "/events/0/occurred_at"),
    ([{**client_events(1)[0], "user_id": str(uuid4())}], "/events/0/user_id"),
    ([{**client_events(1)[0], "properties": {"a": {"b": 1}}}], "/events/0/properties/a"),
]


@pytest.mark.journey
async def test_what_is_wrong_with_an_event_is_said(platform: RunningPlatform) -> None:
    ada = await learner(platform, "acme", "ada")
    for events, pointer in WRONG_EVENTS:
        refused = await ada.post("/analytics/events", json={"events": events})
        assert refused.status_code == 422, refused.text
        assert refused.json()["errors"][0]["pointer"].startswith(pointer)


@pytest.mark.journey
async def test_a_report_is_made_in_the_background_and_read_in_four_formats(
    platform: RunningPlatform,
) -> None:
    staff = await owner(platform, "acme")
    course, lessons = await published_course(staff)
    for number in range(6):
        one = await learner(platform, "acme", f"learner{number}")
        enrollment = (await created(one, "/enrollments", {"course_id": course}))["id"]
        path = f"/enrollments/{enrollment}/lessons/{lessons[0]}"
        assert (await one.put(path, json={"status": "completed"})).status_code == 200
    await metrics_when(staff, lambda metrics: metrics["total"]["lessons_completed"] == 6)
    wanted = {"kind": "lesson_funnel", "parameters": {"course_id": course}}
    report = await finished(staff, wanted)
    assert (report["status"], report["progress"]) == ("ready", 100), report
    contents = {name: await staff.get(path[7:]) for name, path in report["content"].items()}
    assert {name: answer.status_code for name, answer in contents.items()} == dict.fromkeys(
        ("json", "csv", "svg", "png"), 200
    )
    rows = contents["json"].json()["rows"]
    assert [row["learners"] for row in rows] == [6, 6, 0, 0]
    assert contents["json"].json()["summary"][0].startswith("The largest drop is at “Lesson 1”")
    assert contents["csv"].headers["content-type"].startswith("text/csv")
    assert contents["csv"].content.startswith(b"step,lesson_id,lesson,learners,share,drop\r\n")
    assert b'role="img"' in contents["svg"].content
    assert contents["png"].content.startswith(b"\x89PNG\r\n")
    assert report["alternative_text"].startswith("Python: who gets how far.")
    globex = await owner(platform, "globex")
    for path in (f"/reports/{report['id']}", f"/reports/{report['id']}/content"):
        assert (await globex.get(path)).status_code == 404


@pytest.mark.journey
async def test_learners_see_no_number_and_instructors_those_of_their_courses(
    platform: RunningPlatform,
) -> None:
    staff = await owner(platform, "acme")
    ada = await learner(platform, "acme", "ada")
    for path in ("/metrics", "/reports", "/reports/kinds"):
        assert (await ada.get(path)).status_code == 403
    grace = await learner(platform, "acme", "grace")
    me = (await grace.get("/users/me")).json()["id"]
    changed = await staff.patch(f"/users/{me}", json={"role": "instructor"})
    assert changed.status_code == 200, changed.text
    teacher = platform.client(
        "acme", await sign_in(platform, "acme", "grace@learners.example", PASSWORD)
    )
    theirs, _ = await published_course(teacher, title="Git", slug="git")
    other, _ = await published_course(staff)
    for course in (theirs, other):
        await created(ada, "/enrollments", {"course_id": course})
    await metrics_when(staff, lambda metrics: metrics["total"]["enrolments"] == 2)
    await metrics_when(teacher, lambda metrics: metrics["total"]["enrolments"] == 1)
    assert (await teacher.get(f"/metrics?course_id={theirs}")).status_code == 200
    assert (await teacher.get(f"/metrics?course_id={other}")).status_code == 404
    refused = {"kind": "lesson_funnel", "parameters": {"course_id": other}}
    assert (await teacher.post("/reports", json=refused)).status_code == 404
    report = await finished(teacher, {"kind": "course_completion"})
    content = (await teacher.get(report["content"]["csv"][7:])).text
    assert "Git" in content
    assert "Python" not in content
    assert (await ada.get(f"/reports/{report['id']}")).status_code == 403


WRONG_REPORTS: list[tuple[dict[str, Any], str]] = [
    ({"kind": "horoscope"}, "/kind"),
    ({"kind": "lesson_funnel"}, "/parameters/course_id"),
    ({"kind": "revenue", "parameters": {"intervall": "day"}}, "/parameters/intervall"),
    ({"kind": "revenue", "parameters": {"from_date": "yesterday"}}, "/parameters/from_date"),
    (
        {
            "kind": "revenue",
            "parameters": {"from_date": "2026-02-01", "to_date": "2026-01-01"},
        },
        "/parameters/to_date",
    ),
]


@pytest.mark.journey
async def test_what_is_wrong_with_a_report_is_said(platform: RunningPlatform) -> None:
    staff = await owner(platform, "acme")
    for body, pointer in WRONG_REPORTS:
        refused = await staff.post("/reports", json=body)
        assert refused.status_code == 422, refused.text
        assert [item["pointer"] for item in refused.json()["errors"]] == [pointer]
