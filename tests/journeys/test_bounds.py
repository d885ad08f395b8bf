"""What one person may have done in a day has an end, and costs others nothing."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from colonnade.operations import operation_of
from colonnade_course.api import CreateEnrollment
from colonnade_payment.api import CreatePayment
from colonnade_runtime.testing.platform import RunningPlatform, running_platform
from tests.journeys.academy import created, learner, owner, published_course, until

FEW = 3
"""Times a day in these tests; the declared numbers are those of the operators' page."""


@pytest.fixture
async def platform(
    declaration: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningPlatform]:
    """The demo platform, over the memory bus: nothing here depends on it."""
    for request in (CreateEnrollment, CreatePayment):
        few = replace(operation_of(request), per_day=FEW)
        monkeypatch.setattr(request, "__operation__", few)
    async with running_platform(declaration) as running:
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
