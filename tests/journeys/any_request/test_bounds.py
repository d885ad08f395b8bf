"""What one person may have done in a day has an end, and costs others nothing."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from colonnade_runtime.testing.platform import RunningPlatform, running_platform
from tests.journeys.support.academy import (
    colonnade,
    created,
    learner,
    owner,
    published_course,
    until,
)

FEW = 3
DECLARED = (
    f"services.course.per_day.CreateEnrollment={FEW}",
    f"services.payment.per_day.CreatePayment={FEW}",
)


@pytest.fixture
async def platform(declaration: Path) -> AsyncIterator[RunningPlatform]:
    """The demo platform, over the memory bus: nothing here depends on it."""
    async with running_platform(declaration, settings=DECLARED) as running:
        yield running


@pytest.mark.journey
async def test_whoever_enrols_and_leaves_without_end_is_asked_to_wait_until_midnight(
    platform: RunningPlatform,
) -> None:
    course, _ = await published_course(await owner(platform.url, "acme"))
    ada = await learner(platform.url, "acme", "ada")
    for _ in range(FEW):
        enrollment = (await created(ada, "/enrollments", {"course_id": course}))["id"]
        answer = await ada.post(f"/enrollments/{enrollment}/end")
        assert answer.status_code == 200, answer.text
    before = (await ada.get("/enrollments?limit=1")).json()["items"]

    refused = await ada.post("/enrollments", json={"course_id": course})

    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    now = datetime.now(UTC)
    left = 86_400 - (now.hour * 3600 + now.minute * 60 + now.second)
    assert abs(int(refused.headers["retry-after"]) - left) <= 60
    assert (await ada.get("/enrollments?limit=1")).json()["items"] == before, "nothing was kept"
    grace = await learner(platform.url, "acme", "grace")
    await created(grace, "/enrollments", {"course_id": course})


@pytest.mark.journey
async def test_whoever_orders_with_declined_cards_without_end_is_asked_to_wait(
    platform: RunningPlatform,
) -> None:
    staff = await owner(platform.url, "acme")
    price = {"amount": 4900, "currency": "EUR"}
    course, _ = await published_course(staff, "Paid", price=price)
    ada = await learner(platform.url, "acme", "ada")
    body = {"course_id": course, "method": "tok_declined"}
    for number in range(FEW):
        answer = await ada.post("/payments", json=body, headers={"Idempotency-Key": f"n{number}"})
        assert answer.status_code == 202, answer.text
        path = f"/payments/{answer.json()['id']}"
        await until(ada, path, lambda payment: payment["status"] == "declined")

    refused = await ada.post("/payments", json=body, headers={"Idempotency-Key": "once more"})

    assert refused.status_code == 429
    assert len((await ada.get("/payments")).json()["items"]) == FEW, "nothing was kept"
    again = await ada.post("/payments", json=body, headers={"Idempotency-Key": "n0"})
    assert again.status_code == 202, "a repetition is not counted"


@pytest.mark.journey
async def test_made_up_events_end_with_the_day_and_name_courses_that_exist(
    platform: RunningPlatform,
) -> None:
    course, _ = await published_course(await owner(platform.url, "acme"))
    ada = await learner(platform.url, "acme", "ada")
    properties = {f"text{number}": "x" * 400 for number in range(20)}

    def events(number: int, course_id: str) -> dict[str, object]:
        one = {"name": "made.up", "occurred_at": datetime.now(UTC).isoformat()}
        one |= {"course_id": course_id, "properties": properties}
        return {"events": [{"id": str(uuid4()), **one} for _ in range(number)]}

    unknown = await ada.post("/analytics/events", json=events(3, str(uuid4())))
    assert unknown.status_code == 422
    assert unknown.json()["errors"][0]["pointer"] == "/events/0/course_id"

    statuses = []
    for _ in range(8):
        answer = await ada.post("/analytics/events", json=events(100, course))
        statuses.append(answer.status_code)

    assert statuses == [200] * 5 + [429] * 3, "4 MiB of eight kilobytes each"
    assert 0 < int(answer.headers["retry-after"]) <= 86_400
    page = (await ada.get("/analytics/events?limit=1")).json()["items"]
    assert page[0]["course_id"] == course


@pytest.mark.journey
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("CreateEnrolment", "has no operation of this name"),
        ("RecordLessonProgress", "this operation is not counted by the day"),
    ],
)
async def test_what_is_declared_of_an_operation_that_is_none_is_a_mistake(
    declaration: Path, name: str, sentence: str
) -> None:
    text = declaration.read_text()
    assert "  course:\n" in text
    lines = f"  course:\n    per_day: {{{name}: 3}}\n"
    declaration.write_text(text.replace("  course:\n", lines))
    code, _, errors = await colonnade(declaration, "check")
    assert code == 1
    assert f"services.course.per_day.{name}: {sentence}" in errors.replace(
        "the service 'course' ", ""
    )
