"""What people do shows in the numbers, over HTTP, on the demo declaration."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from colonnade_runtime.testing.platform import RunningPlatform
from tests.journeys.support.academy import (
    content,
    created,
    learn,
    learner,
    owner,
    published_course,
    report,
    sign_in,
    until,
)


async def metrics_when(client: httpx.AsyncClient, seen: Any) -> dict[str, Any]:
    """The metrics as soon as `seen` holds of them."""
    found: dict[str, Any] = await until(client, "/metrics?interval=day", seen)
    return found


@pytest.mark.journey
async def test_enrolments_show_in_the_metrics_of_their_day(platform: RunningPlatform) -> None:
    staff = await owner(platform.url, "acme")
    course, lessons = await published_course(staff, lessons=3)
    for number in range(2):
        one = await learner(platform.url, "acme", f"learner{number}")
        enrollment = (await created(one, "/enrollments", {"course_id": course}))["id"]
        for lesson in lessons:
            await learn(one, enrollment, lesson)
    found = await metrics_when(staff, lambda metrics: metrics["total"]["completions"] == 2)
    assert found["timezone"] == "Europe/Berlin"
    assert len(found["items"]) == 30
    assert sum(item["enrolments"] for item in found["items"]) == 2
    assert found["total"]["lessons_completed"] == 6
    assert found["total"]["active_learners"] is None, "two people are too few to be shown"
    globex = await owner(platform.url, "globex")
    assert (await globex.get("/metrics")).json()["total"]["enrolments"] == 0


def client_events(number: int, course: str | None = None) -> list[dict[str, Any]]:
    now = datetime.now(UTC).isoformat()
    return [
        {"id": str(uuid4()), "name": "page.viewed", "occurred_at": now, "course_id": course}
        for _ in range(number)
    ]


@pytest.mark.journey
async def test_one_bad_event_of_ten_thousand_is_named_and_nothing_is_kept(
    platform: RunningPlatform,
) -> None:
    ada = await learner(platform.url, "acme", "ada")
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
    ada = await learner(platform.url, "acme", "ada")
    for events, pointer in WRONG_EVENTS:
        refused = await ada.post("/analytics/events", json={"events": events})
        assert refused.status_code == 422, refused.text
        assert refused.json()["errors"][0]["pointer"].startswith(pointer)


@pytest.mark.journey
async def test_a_report_is_made_in_the_background_and_read_in_four_formats(
    platform: RunningPlatform,
) -> None:
    staff = await owner(platform.url, "acme")
    course, lessons = await published_course(staff, lessons=3)
    for number in range(6):
        one = await learner(platform.url, "acme", f"learner{number}")
        enrollment = (await created(one, "/enrollments", {"course_id": course}))["id"]
        await learn(one, enrollment, lessons[0])
    await metrics_when(staff, lambda metrics: metrics["total"]["lessons_completed"] == 6)
    made = await report(staff, "lesson_funnel", course_id=course)
    assert set(made["content"]) == {"json", "csv", "svg", "png"}
    contents = {form: await content(staff, made, form) for form in made["content"]}
    rows = contents["json"].json()["rows"]
    assert [row["learners"] for row in rows] == [6, 6, 0, 0]
    assert contents["json"].json()["summary"][0].startswith("The largest drop is at “Lesson 1”")
    assert contents["csv"].headers["content-type"].startswith("text/csv")
    assert contents["csv"].content.startswith(b"step,lesson_id,lesson,learners,share,drop\r\n")
    assert b'role="img"' in contents["svg"].content
    assert contents["png"].content.startswith(b"\x89PNG\r\n")
    assert made["alternative_text"].startswith("Python: who gets how far.")
    globex = await owner(platform.url, "globex")
    for path in (f"/reports/{made['id']}", f"/reports/{made['id']}/content"):
        assert (await globex.get(path)).status_code == 404


@pytest.mark.journey
async def test_learners_see_no_number_and_instructors_those_of_their_courses(
    platform: RunningPlatform,
) -> None:
    staff = await owner(platform.url, "acme")
    ada = await learner(platform.url, "acme", "ada")
    for path in ("/metrics", "/reports", "/reports/kinds"):
        assert (await ada.get(path)).status_code == 403
    grace = await learner(platform.url, "acme", "grace")
    me = (await grace.get("/users/me")).json()["id"]
    changed = await staff.patch(f"/users/{me}", json={"role": "instructor"})
    assert changed.status_code == 200, changed.text
    teacher = await sign_in(platform.url, "acme", "grace@learners.example")
    theirs, _ = await published_course(teacher, "Git")
    other, _ = await published_course(staff, lessons=3)
    for course in (theirs, other):
        await created(ada, "/enrollments", {"course_id": course})
    await metrics_when(staff, lambda metrics: metrics["total"]["enrolments"] == 2)
    await metrics_when(teacher, lambda metrics: metrics["total"]["enrolments"] == 1)
    assert (await teacher.get(f"/metrics?course_id={theirs}")).status_code == 200
    assert (await teacher.get(f"/metrics?course_id={other}")).status_code == 404
    refused = {"kind": "lesson_funnel", "parameters": {"course_id": other}}
    assert (await teacher.post("/reports", json=refused)).status_code == 404
    made = await report(teacher, "course_completion")
    shown = (await content(teacher, made, "csv")).text
    assert "Git" in shown
    assert "Python" not in shown
    assert (await ada.get(f"/reports/{made['id']}")).status_code == 403


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
    staff = await owner(platform.url, "acme")
    for body, pointer in WRONG_REPORTS:
        refused = await staff.post("/reports", json=body)
        assert refused.status_code == 422, refused.text
        assert [item["pointer"] for item in refused.json()["errors"]] == [pointer]
