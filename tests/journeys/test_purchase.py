"""People buy courses in two academies that cannot see each other, over HTTP, on the demo
declaration."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from colonnade_payment.api import CreatePayment
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


@pytest.fixture
async def webhooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[RunningPlatform]:
    """A platform whose sandbox sends webhooks, each of them twice and the last one first."""
    monkeypatch.setenv("COLONNADE_OWNER_PASSWORD", OWNER_PASSWORD)
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    declaration = Path(shutil.copy(ROOT / "platform.yaml", tmp_path))
    sandbox = "services.payment.config.sandbox"
    settings = [
        f"{sandbox}.webhook_url=http://127.0.0.1:9",
        f"{sandbox}.webhook_order=reversed",
        f"{sandbox}.webhook_copies=2",
    ]
    async with running_platform(declaration, settings=settings) as running:
        courier = sandbox_of(running)._courier
        # The port is known only now.
        url = f"{running.url}/api/v1/webhooks/payments/sandbox"
        courier._delivery = replace(courier._delivery, url=url)
        yield running


def sandbox_of(platform: RunningPlatform) -> Any:
    """The payment provider."""
    bound = platform.runtime._dispatcher._handlers[CreatePayment]
    return bound.call.__self__._till.named("sandbox")


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


@pytest.mark.journey
async def test_the_last_seat_goes_to_exactly_one_of_twenty_buyers(
    platform: RunningPlatform,
) -> None:
    course = await priced_course(await owner(platform, "acme"), "EUR", seats=1)
    buyers = [await learner(platform, "acme", f"buyer{number}") for number in range(20)]
    for buyer in buyers:
        # Decisions about each buyer are made before the race, as after any first page they open.
        assert (await buyer.get("/payments")).status_code == 200
    answers = await asyncio.gather(*(buy(buyer, course) for buyer in buyers))
    accepted = [
        (buyer, answer.json()["id"])
        for buyer, answer in zip(buyers, answers, strict=True)
        if answer.status_code == 202
    ]
    payments = [await settled(buyer, payment) for buyer, payment in accepted]
    statuses = sorted(payment["status"] for payment in payments)
    assert len(accepted) == 20, [answer.text for answer in answers if answer.status_code != 202]
    assert statuses == ["canceled"] * 19 + ["captured"]


@pytest.mark.journey
async def test_the_same_key_is_the_same_order(platform: RunningPlatform) -> None:
    course = await priced_course(await owner(platform, "acme"), "EUR")
    ada = await learner(platform, "acme", "ada")
    answers = await asyncio.gather(*(buy(ada, course, key="one") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    payment = answers[0].json()["id"]
    await settled(ada, payment)
    later = await buy(ada, course, key="one")
    assert (later.status_code, later.text) == (202, answers[0].text)
    other = await buy(ada, course, "tok_slow", key="one")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    keyless = await ada.post("/payments", json={"course_id": course, "method": "tok_ok"})
    assert keyless.status_code == 400
    assert "Idempotency-Key" in keyless.json()["detail"]
    unreadable = await buy(ada, course, key="x" * 256)
    assert unreadable.status_code == 400
    again = await buy(ada, course, key="two")
    assert (again.status_code, again.json()["code"]) == (409, "payment.already_enrolled")


@pytest.mark.journey
async def test_refunds_payouts_and_the_books_agree(platform: RunningPlatform) -> None:
    acme = await owner(platform, "acme")
    course = await priced_course(acme, "EUR")
    ada = await learner(platform, "acme", "ada")
    payment = await settled(ada, (await buy(ada, course)).json()["id"])
    await enrolled(ada, course)

    async def refund(amount: int, currency: str = "EUR", key: str = "") -> httpx.Response:
        return await acme.post(
            f"/payments/{payment['id']}/refunds",
            json={"amount": {"amount": amount, "currency": currency}, "reason": "Asked."},
            headers={"Idempotency-Key": key or str(uuid4())},
        )

    assert (await refund(100, "USD")).json()["code"] == "payment.currency_mismatch"
    assert (await refund(4901)).json()["code"] == "payment.refund_too_large"
    parallel = await asyncio.gather(*(refund(900, key="k") for _ in range(3)))
    assert {answer.status_code for answer in parallel} == {202}
    path = f"/payments/{payment['id']}"
    await until(ada, path, lambda found: found["status"] == "partially_refunded")
    both = await asyncio.gather(refund(4000), refund(4000))
    assert sorted(answer.status_code for answer in both) == [202, 409]
    after = await until(ada, path, lambda found: found["status"] == "refunded")
    assert after["refunded"] == {"amount": 4900, "currency": "EUR"}
    path = f"/enrollments?course_id={course}"
    await until(ada, path, lambda page: [item["status"] for item in page["items"]] == ["ended"])
    journals = (await acme.get("/transactions")).json()["items"]
    lines = [line["amount"]["amount"] for journal in journals for line in journal["postings"]]
    assert sum(lines) == 0
    balances = (await acme.get("/balances")).json()["items"]
    assert all(item["balance"]["amount"] == 0 for item in balances), balances


@pytest.mark.journey
async def test_the_other_academy_sees_none_of_it(platform: RunningPlatform) -> None:
    course = await priced_course(await owner(platform, "acme"), "EUR")
    ada = await learner(platform, "acme", "ada")
    payment = await settled(ada, (await buy(ada, course)).json()["id"])
    globex = await owner(platform, "globex")
    for path in ("/payments", "/transactions", "/balances", "/payouts", "/coupons"):
        assert (await globex.get(path)).json()["items"] == []
    assert (await globex.get(f"/payments/{payment['id']}")).status_code == 404
    dollars = await priced_course(globex, "USD")
    bob = await learner(platform, "globex", "bob")
    theirs = await settled(bob, (await buy(bob, dollars)).json()["id"])
    assert theirs["amount"] == {"amount": 4900, "currency": "USD"}
    assert len((await globex.get("/payments")).json()["items"]) == 1


@pytest.mark.journey
async def test_webhooks_arrive_twice_and_out_of_order_and_change_nothing(
    webhooks: RunningPlatform,
) -> None:
    acme = await owner(webhooks, "acme")
    course = await priced_course(acme, "EUR")
    ada = await learner(webhooks, "acme", "ada")
    payment = await settled(ada, (await buy(ada, course, "tok_twice")).json()["id"])
    sandbox = sandbox_of(webhooks)

    async def everything_was_told() -> bool:
        return not await sandbox.untold()

    async with asyncio.timeout(15):
        while not await everything_was_told():
            await asyncio.sleep(0.02)
    after = (await ada.get(f"/payments/{payment['id']}")).json()
    assert after["status"] == "captured"
    journals = (await acme.get("/transactions")).json()["items"]
    assert [journal["kind"] for journal in journals] == ["capture"]
    unsigned = await acme.post("/webhooks/payments/sandbox", content=b"{}")
    assert unsigned.status_code == 401
