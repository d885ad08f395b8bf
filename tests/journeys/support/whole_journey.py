"""The whole journey, as people take it: a real course is priced, bought, learnt, given back, paid
out and reported on in one academy, and the other sees none of it.

It knows a platform by its address and the folder of its declaration, and nothing of how its
services are placed: `take` it on any.
"""

import asyncio
import csv
import html
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.course_material import INFLAMMATION
from tests.journeys.support.academy import (
    bought,
    buy,
    content,
    enrolled,
    imported,
    is_live,
    learn,
    learner,
    letter,
    owner,
    published_course,
    refund,
    report,
    settled,
    sign_in,
    told,
    until,
)

PRICE, PARTIAL_REFUND, SHARE, BUYERS = 4900, 1000, 70, 20
CAPTURES = 3
"""Ada's, Cleo's and that of whoever wins the race."""
REVENUE, REFUNDS = CAPTURES * PRICE, PARTIAL_REFUND + PRICE
NET = REVENUE - REFUNDS
EARNED = NET * SHARE // 100
assert EARNED * 100 == NET * SHARE, "amounts that divide without a remainder can be recounted here"

SETTINGS = ["services.payment.config.answer_within=300ms"]
"""What `--set` has to say besides."""

_ACADEMY = f"""
services:
  payment: {{config: {{instructor_share: {SHARE}, payout_hold: 0s, payout_minimum: 100}}}}
  analytics: {{config: {{smallest_group: 1}}}}
"""


def declare(declaration: Path) -> None:
    """Let acme pay out at once, and show every number however few people it is about."""
    with (declaration.parent / "tenants/acme.yaml").open("a") as file:
        file.write(_ACADEMY)


@dataclass(frozen=True)
class Shop:
    """An academy that sells one course: who runs it, who teaches it, and its twelve lessons."""

    url: str
    mail: Path
    staff: httpx.AsyncClient
    grace: httpx.AsyncClient
    course: str
    lessons: list[str]

    async def learner(self, name: str) -> httpx.AsyncClient:
        return await learner(self.url, "acme", name)


@dataclass(frozen=True)
class Buyer:
    """Somebody who has paid, and may learn."""

    client: httpx.AsyncClient
    payment: str
    enrollment: str


async def take(url: str, declaration: Path) -> None:
    """The whole journey, on a platform that was declared by `declare` and `SETTINGS`."""
    shop = await opened(url, declaration)
    await nobody_learns_without_paying(shop)
    ada = await somebody_buys(shop, "ada", "tok_ok")
    await a_declined_card_enrols_nobody(shop)
    cleo = await somebody_buys(shop, "cleo", "tok_timeout")
    winner = await the_last_seat_is_raced(shop)
    await all_is_learnt(shop, ada)
    await some_is_learnt(shop, cleo, 3)
    await people_hear_of_it(shop, ada)
    await money_goes_back(shop, ada, winner)
    await the_instructor_is_paid(shop)
    await the_books_agree(shop)
    await the_numbers_say_so(shop)
    await every_report_says_so(shop)
    await the_other_academy_sees_none_of_it(shop, ada)


async def opened(url: str, declaration: Path) -> Shop:
    """The real course, imported, taught by Grace and priced."""
    staff = await owner(url, "acme")
    grace = await learner(url, "acme", "grace")
    me = (await grace.get("/users/me")).json()["id"]
    promoted = await staff.patch(f"/users/{me}", json={"role": "instructor"})
    assert promoted.status_code == 200, promoted.text
    teaches = ("--instructor", "grace@learners.example")
    course = (await imported(declaration, INFLAMMATION, "acme", *teaches))["course_id"]
    price = {"price": {"amount": PRICE, "currency": "EUR"}}
    priced = await staff.patch(f"/courses/{course}", json=price)
    assert priced.status_code == 200, priced.text
    sections = (await staff.get(f"/courses/{course}/outline")).json()["sections"]
    lessons = [one["id"] for part in sections if part["required"] for one in part["lessons"]]
    assert len(lessons) == 12
    teacher = await sign_in(url, "acme", "grace@learners.example")
    return Shop(url, declaration.parent / "var/mail/acme", staff, teacher, course, lessons)


async def nobody_learns_without_paying(shop: Shop) -> None:
    """402 says that it costs something."""
    stranger = await shop.learner("stranger")
    refused = await stranger.post("/enrollments", json={"course_id": shop.course})
    assert refused.status_code == 402, refused.text
    assert refused.headers["content-type"] == "application/problem+json"


async def somebody_buys(shop: Shop, name: str, method: str) -> Buyer:
    """They are charged exactly once, whether the provider answers or not, and may learn."""
    client = await shop.learner(name)
    payment = await bought(client, shop.course, method)
    assert payment["status"] == "captured", payment
    assert payment["amount"] == {"amount": PRICE, "currency": "EUR"}
    assert await charges(shop, payment) == ["capture"]
    enrollment = await enrolled(client, shop.course)
    assert enrollment["id"] == payment["enrollment_id"]
    return Buyer(client, payment["id"], enrollment["id"])


async def charges(shop: Shop, payment: Any) -> list[str]:
    """The kinds of journals about one payment."""
    page = (await shop.staff.get(f"/transactions?payment_id={payment['id']}")).json()
    return [journal["kind"] for journal in page["items"]]


async def a_declined_card_enrols_nobody(shop: Shop) -> None:
    """The payment says why."""
    bob = await shop.learner("bob")
    payment = await bought(bob, shop.course, "tok_declined")
    assert (payment["status"], payment["reason_code"]) == ("declined", "card_declined")
    assert payment["reason"] == "The card was declined."
    assert await charges(shop, payment) == []
    mine = (await bob.get(f"/enrollments?course_id={shop.course}")).json()["items"]
    assert not any(is_live(item) for item in mine)
    declined = await told(bob, "payment_declined")
    assert "The card was declined." in declined["body"]


async def the_last_seat_is_raced(shop: Shop) -> Buyer:
    """One of twenty gets it; nothing is taken from the others."""
    page = (await shop.staff.get(f"/enrollments?course_id={shop.course}&limit=100")).json()
    taken = sum(is_live(item) for item in page["items"])
    limited = await shop.staff.patch(f"/courses/{shop.course}", json={"seats": taken + 1})
    assert limited.status_code == 200, limited.text
    buyers = [await shop.learner(f"buyer{number}") for number in range(BUYERS)]
    answers = await asyncio.gather(*(buy(buyer, shop.course) for buyer in buyers))
    assert [answer.status_code for answer in answers] == [202] * BUYERS
    payments = [
        await settled(buyer, answer.json()["id"])
        for buyer, answer in zip(buyers, answers, strict=True)
    ]
    statuses = sorted(payment["status"] for payment in payments)
    assert statuses == ["canceled"] * (BUYERS - 1) + ["captured"]
    for buyer, payment in zip(buyers, payments, strict=True):
        if payment["status"] == "canceled":
            assert (payment["reason_code"], payment["captured_at"]) == ("course.full", None)
            assert await charges(shop, payment) == []
            sorry = await told(buyer, "payment_declined")
            assert "You have not been charged." in sorry["body"]
    [(client, payment)] = [
        (buyer, payment)
        for buyer, payment in zip(buyers, payments, strict=True)
        if payment["status"] == "captured"
    ]
    enrollment = await enrolled(client, shop.course)
    return Buyer(client, payment["id"], enrollment["id"])


async def all_is_learnt(shop: Shop, who: Buyer) -> None:
    """Twelve lessons, and the course is completed."""
    await some_is_learnt(shop, who, len(shop.lessons))
    state = (await who.client.get(f"/enrollments/{who.enrollment}")).json()
    assert (state["progress"], state["status"]) == (100, "completed")


async def some_is_learnt(shop: Shop, who: Buyer, number: int) -> None:
    """The first lessons."""
    for lesson in shop.lessons[:number]:
        await learn(who.client, who.enrollment, lesson)


async def people_hear_of_it(shop: Shop, ada: Buyer) -> None:
    """In the app, and by mail; each of it once."""
    for kind in ("welcome", "payment_captured", "enrollment_activated", "enrollment_completed"):
        note = await told(ada.client, kind)
        await mailed(shop, "ada", note["title"])
    assert (await told(ada.client, "payment_captured"))["title"] == "Your payment of €49.00"
    await told(shop.grace, "instructor_added")
    me = (await ada.client.get("/users/me")).json()["id"]
    rows = (await shop.staff.get(f"/deliveries?user_id={me}&limit=100")).json()["items"]
    kinds = [(row["kind"], row["channel"]) for row in rows]
    assert len(kinds) == len(set(kinds)), "every notification once"


async def mailed(shop: Shop, name: str, subject: str) -> None:
    """Wait for a mail to this learner."""
    to = f"{name}@learners.example"
    await letter(shop.mail, lambda mail: to in mail["To"] and mail["Subject"] == subject)


async def money_goes_back(shop: Shop, ada: Buyer, winner: Buyer) -> None:
    """A part to one, who goes on learning; all to another, who does not."""
    for who, amount, status in (
        (ada, PARTIAL_REFUND, "partially_refunded"),
        (winner, PRICE, "refunded"),
    ):
        assert (await refund(shop.staff, who.payment, amount)).status_code == 202
        path = f"/payments/{who.payment}"
        after = await until(who.client, path, lambda one, wanted=status: one["status"] == wanted)
        assert after["refunded"] == {"amount": amount, "currency": "EUR"}
    path = f"/enrollments/{winner.enrollment}"
    await until(winner.client, path, lambda one: one["status"] == "ended")
    assert (await ada.client.get(f"/enrollments/{ada.enrollment}")).json()["status"] == "completed"
    assert (await told(ada.client, "payment_refunded"))["title"] == "You get €10.00 back"
    assert (await told(winner.client, "payment_refunded"))["title"] == "You get €49.00 back"
    await told(winner.client, "enrollment_ended")
    await mailed(shop, "ada", "You get €10.00 back")


async def the_instructor_is_paid(shop: Shop) -> None:
    """Her share of what the refunds have left."""
    [mine] = (await shop.grace.get("/balances")).json()["items"]
    assert mine["available"] == {"amount": EARNED, "currency": "EUR"}
    asked = await shop.grace.post("/payouts", json={}, headers={"Idempotency-Key": "payout"})
    assert asked.status_code == 201, asked.text
    assert asked.json()["amount"] == {"amount": EARNED, "currency": "EUR"}
    path = f"/payouts/{asked.json()['id']}"
    assert (await shop.grace.post(f"{path}/approve")).status_code == 403
    assert (await shop.staff.post(f"{path}/approve")).status_code == 200
    paid = await shop.staff.post(f"{path}/paid", json={"reference": "SEPA 1"})
    assert (paid.status_code, paid.json()["status"]) == (200, "paid"), paid.text
    [after] = (await shop.grace.get("/balances")).json()["items"]
    assert after["balance"]["amount"] == 0
    await told(shop.grace, "payout_paid")


async def the_books_agree(shop: Shop) -> None:
    """Every journal sums to zero, and so do all of them."""
    journals = (await shop.staff.get("/transactions?limit=100")).json()["items"]
    kinds = sorted(journal["kind"] for journal in journals)
    payouts = ["payout_paid", "payout_requested"]
    assert kinds == ["capture"] * CAPTURES + payouts + ["refund"] * 2
    for journal in journals:
        lines = [line["amount"] for line in journal["postings"]]
        assert {line["currency"] for line in lines} == {"EUR"}
        assert sum(line["amount"] for line in lines) == 0
    accounts = (await shop.staff.get("/balances?limit=100")).json()["items"]
    balances = {account["account"]: account["balance"]["amount"] for account in accounts}
    assert sum(balances.values()) == 0
    assert balances["platform"] == NET - EARNED
    assert balances["external:sandbox"] == -NET
    assert balances["external:bank"] == EARNED


async def the_numbers_say_so(shop: Shop) -> None:
    """The metrics of today are exactly that, and follow by themselves."""
    wanted = {
        "active_learners": CAPTURES,
        "enrolments": CAPTURES,
        "completions": 1,
        "lessons_completed": len(shop.lessons) + 3,
        "revenue": [{"amount": REVENUE, "currency": "EUR"}],
        "refunds": [{"amount": REFUNDS, "currency": "EUR"}],
    }
    await until(shop.staff, "/metrics", lambda found: found["total"] == wanted)
    theirs = (await shop.grace.get(f"/metrics?course_id={shop.course}")).json()
    assert theirs["total"] == wanted


async def every_report_says_so(shop: Shop) -> None:
    """Each kind, in each format."""
    page = (await shop.staff.get("/reports/kinds")).json()
    wanted = expected_rows(shop)
    assert {kind["name"] for kind in page["items"]} == set(wanted)
    async with asyncio.timeout(60):
        # Who has left is known from another service's event than the money that went back.
        while not await shows(shop, "course_completion", wanted["course_completion"]):
            await asyncio.sleep(0.05)
    for kind, rows in wanted.items():
        assert await shows(shop, kind, rows), kind


def expected_rows(shop: Shop) -> dict[str, list[dict[str, Any]]]:
    """What the last rows of each report say, by hand."""
    gone = [2, 2, 2, *[1] * 9, *[0] * 5]
    drops = [None, 1, 0, 0, 1, *[0] * 8, *[None] * 5]
    steps = zip([3, *gone], drops, strict=True)
    funnel = [{"learners": learners, "drop": drop} for learners, drop in steps]
    money = {"gross": REVENUE, "refunds": REFUNDS, "net": NET}
    money |= {"platform_fee": NET - EARNED, "earned": EARNED}
    return {
        "course_completion": [
            {"course_id": shop.course, "enrolled": 3, "completed": 1, "learning": 1, "left": 1}
        ],
        "lesson_funnel": funnel,
        "cohort_retention": [{"learners": 3, "after_0": 100.0}],
        "revenue": [{name: euros(amount) for name, amount in money.items()}],
        "instructor_earnings": [{"instructor": "Grace", "earned": euros(EARNED)}],
    }


def euros(amount: int) -> dict[str, Any]:
    """Money as JSON has it."""
    return {"amount": amount, "currency": "EUR"}


async def shows(shop: Shop, kind: str, wanted: list[dict[str, Any]]) -> bool:
    """Whether a report made now ends with these rows, and says the same in every format."""
    parameters = {"course_id": shop.course} if kind == "lesson_funnel" else {}
    made = await report(shop.staff, kind, **parameters)
    found = (await content(shop.staff, made)).json()
    last = zip(found["rows"][-len(wanted) :], wanted, strict=True)
    if any({**row, **line} != row for row, line in last):
        return False
    table = (await content(shop.staff, made, "csv")).text
    lines = list(csv.DictReader(io.StringIO(table)))
    assert len(lines) == len(found["rows"])
    for line, row in zip(lines, found["rows"], strict=True):
        assert all(line[key] == as_text(value) for key, value in row.items()), (line, row)
    drawn = await content(shop.staff, made, "svg")
    assert html.escape(made["alternative_text"], quote=False) in drawn.text
    painted = await content(shop.staff, made, "png")
    assert painted.content.startswith(b"\x89PNG\r\n")
    return True


def as_text(value: Any) -> str:
    """A cell as CSV has it: money in major units."""
    if isinstance(value, dict):
        return f"{value['amount'] / 100:.2f}"
    return "" if value is None else str(value)


async def the_other_academy_sees_none_of_it(shop: Shop, ada: Buyer) -> None:
    """Nothing is listed, nothing found, nothing counted; what it sells is its own."""
    globex = await owner(shop.url, "globex")
    for name in ("courses", "payments", "transactions", "balances", "payouts", "enrollments",
                 "coupons", "content", "media", "files", "reports"):  # fmt: skip
        assert (await globex.get(f"/{name}")).json()["items"] == [], name
    for path in (f"courses/{shop.course}", f"payments/{ada.payment}",
                 f"enrollments/{ada.enrollment}"):  # fmt: skip
        assert (await globex.get(f"/{path}")).status_code == 404, path
    total = (await globex.get("/metrics")).json()["total"]
    assert not any(total.values()), total
    told_here = (await globex.get("/deliveries?limit=100")).json()["items"]
    assert {row["kind"] for row in told_here} <= {"welcome"}
    await it_sells_something_itself(shop, globex)


async def it_sells_something_itself(shop: Shop, globex: httpx.AsyncClient) -> None:
    """In its own currency, and the first academy's numbers stay as they were."""
    before = (await shop.staff.get("/metrics")).json()["total"]
    price = {"amount": 900, "currency": "USD"}
    course, _ = await published_course(globex, "Git", price=price)
    dan = await learner(shop.url, "globex", "dan")
    assert (await bought(dan, course))["amount"] == price
    await until(globex, "/metrics", lambda found: found["total"]["revenue"] == [price])
    assert (await shop.staff.get("/metrics")).json()["total"] == before
