"""People buy courses in two academies that cannot see each other, over HTTP, on the demo
declaration."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from colonnade_payment.sandbox.file import SandboxFile
from colonnade_runtime.testing.platform import RunningPlatform, running_platform
from tests.journeys.support.academy import (
    bought,
    buy,
    enrolled,
    is_live,
    learner,
    owner,
    published_course,
    refund,
    settled,
    until,
)

CURRENCY = {"acme": "EUR", "globex": "USD"}


@pytest.fixture
def bus_settings(bus_settings: list[str]) -> list[str]:
    """A provider that does not answer is asked again soon, on every bus."""
    return [*bus_settings, "services.payment.config.answer_within=300ms"]


@pytest.fixture
async def webhooks(declaration: Path) -> AsyncIterator[RunningPlatform]:
    """A platform whose sandbox sends webhooks, each of them twice and the last one first."""
    sandbox = "services.payment.config.sandbox"
    platforms: list[RunningPlatform] = []
    async with relay(lambda: httpx.URL(platforms[0].url).port or 0) as port:
        settings = [
            f"{sandbox}.webhook_url=http://127.0.0.1:{port}/api/v1/webhooks/payments/sandbox",
            f"{sandbox}.webhook_order=reversed",
            f"{sandbox}.webhook_copies=2",
        ]
        async with running_platform(declaration, settings=settings) as running:
            platforms.append(running)
            yield running


@asynccontextmanager
async def relay(target: Callable[[], int]) -> AsyncIterator[int]:
    """A port that leads to the `target`, which is known only later."""

    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
        sink.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs, ours = await asyncio.open_connection("127.0.0.1", target())
        await asyncio.gather(copy(reader, ours), copy(theirs, writer))

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def priced_course(client: httpx.AsyncClient, currency: str, **more: Any) -> str:
    price = {"amount": 4900, "currency": currency}
    course, _ = await published_course(client, price=price, **more)
    return course


@pytest.mark.journey
async def test_a_payment_ends_with_an_enrolment(platform: RunningPlatform) -> None:
    course = await priced_course(await owner(platform.url, "acme"), "EUR")
    ada = await learner(platform.url, "acme", "ada")
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
    course = await priced_course(await owner(platform.url, "acme"), "EUR", seats=1)
    ada = await learner(platform.url, "acme", "ada")
    payment = await bought(ada, course, "tok_declined")
    assert (payment["status"], payment["reason_code"]) == ("declined", "card_declined")
    assert payment["reason"] == "The card was declined."
    enrollments = (await ada.get(f"/enrollments?course_id={course}")).json()["items"]
    assert not any(is_live(item) for item in enrollments)
    bob = await learner(platform.url, "acme", "bob")
    again = await bought(bob, course)
    assert again["status"] == "captured", "the seat was given back"


@pytest.mark.journey
async def test_a_provider_that_never_answers_captures_exactly_once(
    platform: RunningPlatform,
) -> None:
    acme = await owner(platform.url, "acme")
    course = await priced_course(acme, "EUR")
    ada = await learner(platform.url, "acme", "ada")
    payment = await bought(ada, course, "tok_timeout")
    assert payment["status"] == "captured"
    await enrolled(ada, course)
    journals = (await acme.get(f"/transactions?payment_id={payment['id']}")).json()["items"]
    assert [journal["kind"] for journal in journals] == ["capture"]


@pytest.mark.journey
async def test_the_last_seat_goes_to_exactly_one_of_twenty_buyers(
    platform: RunningPlatform,
) -> None:
    course = await priced_course(await owner(platform.url, "acme"), "EUR", seats=1)
    buyers = [await learner(platform.url, "acme", f"buyer{number}") for number in range(20)]
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
async def test_one_buyer_with_many_keys_at_once_makes_one_order(platform: RunningPlatform) -> None:
    course = await priced_course(await owner(platform.url, "acme"), "EUR")
    ada = await learner(platform.url, "acme", "ada")
    answers = await asyncio.gather(*(buy(ada, course, key=f"n{number}") for number in range(20)))
    [order] = [answer.json() for answer in answers if answer.status_code == 202]
    refused = [answer for answer in answers if answer.status_code == 409]
    assert len(refused) == 19, [answer.text for answer in answers]
    assert {answer.json()["code"] for answer in refused} == {"payment.already_enrolled"}
    assert (await settled(ada, order["id"]))["status"] == "captured"
    assert len((await ada.get("/payments")).json()["items"]) == 1


@pytest.mark.journey
async def test_the_same_key_is_the_same_order(platform: RunningPlatform) -> None:
    course = await priced_course(await owner(platform.url, "acme"), "EUR")
    ada = await learner(platform.url, "acme", "ada")
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
    acme = await owner(platform.url, "acme")
    course = await priced_course(acme, "EUR")
    ada = await learner(platform.url, "acme", "ada")
    payment = await bought(ada, course)
    await enrolled(ada, course)

    async def give_back(amount: int, currency: str = "EUR", key: str = "") -> httpx.Response:
        return await refund(acme, payment["id"], amount, currency, key)

    assert (await give_back(100, "USD")).json()["code"] == "payment.currency_mismatch"
    assert (await give_back(4901)).json()["code"] == "payment.refund_too_large"
    parallel = await asyncio.gather(*(give_back(900, key="k") for _ in range(3)))
    assert {answer.status_code for answer in parallel} == {202}
    path = f"/payments/{payment['id']}"
    await until(ada, path, lambda found: found["status"] == "partially_refunded")
    both = await asyncio.gather(give_back(4000), give_back(4000))
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
    course = await priced_course(await owner(platform.url, "acme"), "EUR")
    ada = await learner(platform.url, "acme", "ada")
    payment = await bought(ada, course)
    globex = await owner(platform.url, "globex")
    for path in ("/payments", "/transactions", "/balances", "/payouts", "/coupons"):
        assert (await globex.get(path)).json()["items"] == []
    assert (await globex.get(f"/payments/{payment['id']}")).status_code == 404
    dollars = await priced_course(globex, "USD")
    bob = await learner(platform.url, "globex", "bob")
    theirs = await bought(bob, dollars)
    assert theirs["amount"] == {"amount": 4900, "currency": "USD"}
    assert len((await globex.get("/payments")).json()["items"]) == 1


@pytest.mark.journey
async def test_webhooks_arrive_twice_and_out_of_order_and_change_nothing(
    webhooks: RunningPlatform, declaration: Path
) -> None:
    acme = await owner(webhooks.url, "acme")
    course = await priced_course(acme, "EUR")
    ada = await learner(webhooks.url, "acme", "ada")
    payment = await bought(ada, course, "tok_twice")
    with closing(SandboxFile(declaration.parent / "var" / "sandbox-provider.sqlite3")) as sandbox:
        async with asyncio.timeout(15):
            while sandbox.unannounced(time.time(), limit=1):
                await asyncio.sleep(0.02)
    after = (await ada.get(f"/payments/{payment['id']}")).json()
    assert after["status"] == "captured"
    journals = (await acme.get("/transactions")).json()["items"]
    assert [journal["kind"] for journal in journals] == ["capture"]
    unsigned = await acme.post("/webhooks/payments/sandbox", content=b"{}")
    assert unsigned.status_code == 401
