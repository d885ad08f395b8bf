"""People buy courses in two academies that cannot see each other, over HTTP, on the demo
declaration."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from colonnade_runtime.testing.platform import RunningPlatform, running_platform

ROOT = Path(__file__).parents[2]
OWNER_PASSWORD = "a password for the owner"
PASSWORD = "a password for a learner"
CURRENCY = {"acme": "EUR", "globex": "USD"}


@pytest.fixture
async def platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bus_settings: list[str]
) -> AsyncIterator[RunningPlatform]:
    monkeypatch.setenv("COLONNADE_OWNER_PASSWORD", OWNER_PASSWORD)
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    declaration = Path(shutil.copy(ROOT / "platform.yaml", tmp_path))
    settings = [*bus_settings, "services.payment.config.answer_within=300ms"]
    async with running_platform(declaration, settings=settings) as running:
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


async def priced_course(client: httpx.AsyncClient, currency: str, **more: Any) -> str:
    body = {
        "title": "Python",
        "slug": "python",
        "price": {"amount": 4900, "currency": currency},
        **more,
    }
    answer = await client.post("/courses", json=body)
    assert answer.status_code == 201, answer.text
    course: str = answer.json()["id"]
    assert (await client.post(f"/courses/{course}/publish")).status_code == 200
    return course


async def buy(
    client: httpx.AsyncClient, course: str, method: str = "tok_ok", key: str = "", **more: Any
) -> httpx.Response:
    return await client.post(
        "/payments",
        json={"course_id": course, "method": method, **more},
        headers={"Idempotency-Key": key or str(uuid4())},
    )


async def until(
    client: httpx.AsyncClient, path: str, wanted: Callable[[Any], bool], seconds: float = 15
) -> Any:
    async with asyncio.timeout(seconds):
        while True:
            answer = await client.get(path)
            assert answer.status_code == 200, answer.text
            if wanted(answer.json()):
                return answer.json()
            await asyncio.sleep(0.01)


async def settled(client: httpx.AsyncClient, payment: str) -> Any:
    """The payment when nothing is under way any more."""
    under_way = ("pending", "authorized", "unknown")
    return await until(client, f"/payments/{payment}", lambda p: p["status"] not in under_way)


async def enrolled(client: httpx.AsyncClient, course: str) -> Any:
    path = f"/enrollments?course_id={course}"
    found = await until(client, path, lambda page: any(_is_live(item) for item in page["items"]))
    return next(item for item in found["items"] if _is_live(item))


def _is_live(enrollment: Any) -> bool:
    return enrollment["status"] in ("active", "completed")


@pytest.mark.journey
async def test_a_payment_ends_with_an_enrolment(platform: RunningPlatform) -> None:
    course = await priced_course(await owner(platform, "acme"), "EUR")
    ada = await learner(platform, "acme", "ada")
    answer = await buy(ada, course)
    assert answer.status_code == 202, answer.text
    assert answer.json()["status"] == "pending"
    payment = await settled(ada, answer.json()["id"])
    assert payment["status"] == "captured"
    assert payment["amount"] == {"amount": 4900, "currency": "EUR"}
    enrollment = await enrolled(ada, course)
    assert enrollment["id"] == payment["enrollment_id"]


@pytest.mark.journey
async def test_a_declined_method_enrols_nobody_and_says_why(platform: RunningPlatform) -> None:
    course = await priced_course(await owner(platform, "acme"), "EUR", seats=1)
    ada = await learner(platform, "acme", "ada")
    payment = await settled(ada, (await buy(ada, course, "tok_declined")).json()["id"])
    assert (payment["status"], payment["reason_code"]) == ("declined", "card_declined")
    assert payment["reason"] == "The card was declined."
    enrollments = (await ada.get(f"/enrollments?course_id={course}")).json()["items"]
    assert not any(_is_live(item) for item in enrollments)
    bob = await learner(platform, "acme", "bob")
    again = await settled(bob, (await buy(bob, course)).json()["id"])
    assert again["status"] == "captured", "the seat was given back"


@pytest.mark.journey
async def test_a_provider_that_never_answers_captures_exactly_once(
    platform: RunningPlatform,
) -> None:
    acme = await owner(platform, "acme")
    course = await priced_course(acme, "EUR")
    ada = await learner(platform, "acme", "ada")
    payment = await settled(ada, (await buy(ada, course, "tok_timeout")).json()["id"])
    assert payment["status"] == "captured"
    await enrolled(ada, course)
    journals = (await acme.get(f"/transactions?payment_id={payment['id']}")).json()["items"]
    assert [journal["kind"] for journal in journals] == ["capture"]
