"""Every number of the analytics service is a recount of the other services' own tables."""

import asyncio
import sqlite3
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest

from colonnade_runtime.testing.platform import RunningPlatform, running_platform
from tests.journeys.support.academy import (
    buy,
    content,
    is_live,
    learn,
    learner,
    owner,
    published_course,
    refund,
    report,
)

ZONE = ZoneInfo("Europe/Berlin")
SEED = 20260329
LEARNERS = 7
STEPS = 160


@pytest.fixture
async def platform(declaration: Path) -> AsyncIterator[RunningPlatform]:
    """The demo platform, with an academy that shows every number."""
    with (declaration.parent / "tenants/acme.yaml").open("a") as file:
        file.write("\nservices: {analytics: {config: {smallest_group: 1}}}\n")
    async with running_platform(declaration) as running:
        yield running


@dataclass
class Workload:
    """What learners do at random; the same for the same seed."""

    staff: httpx.AsyncClient
    random: Random
    learners: list[httpx.AsyncClient] = field(default_factory=list)
    courses: list[tuple[str, list[str], bool]] = field(default_factory=list)
    sent: list[tuple[str, str, datetime]] = field(default_factory=list)

    async def step(self) -> None:
        """One thing that one learner does."""
        one = self.random.choice(self.learners)
        what = self.random.choices(
            (self.enrol, self.learn, self.send, self.leave, self.refund), (3, 14, 4, 1, 1)
        )[0]
        await what(one)

    async def enrol(self, one: httpx.AsyncClient) -> None:
        course, _, priced = self.random.choice(self.courses)
        if priced:
            method = self.random.choice(("tok_ok", "tok_declined"))
            answer = await buy(one, course, method, str(self.uuid()))
            assert answer.status_code in (202, 409), answer.text
            return
        answer = await one.post("/enrollments", json={"course_id": course})
        assert answer.status_code in (201, 409), answer.text

    async def learn(self, one: httpx.AsyncClient) -> None:
        mine = (await one.get("/enrollments?limit=100")).json()["items"]
        live = [item for item in mine if is_live(item)]
        if live:
            item = self.random.choice(live)
            lessons = next(
                found for course, found, _ in self.courses if course == item["course_id"]
            )
            await learn(one, item["id"], self.random.choice(lessons))

    async def send(self, one: httpx.AsyncClient) -> None:
        me = (await one.get("/users/me")).json()["id"]
        course = self.random.choice(self.courses)[0]
        at = datetime.now(UTC) - timedelta(minutes=self.random.randrange(20 * 24 * 60))
        event = {"id": str(self.uuid()), "name": "page.viewed", "occurred_at": at.isoformat()}
        body = {"events": [{**event, "course_id": course}]}
        for _ in range(self.random.choice((1, 2))):
            assert (await one.post("/analytics/events", json=body)).status_code == 200
        self.sent.append((UUID(me).hex, UUID(course).hex, at))

    async def leave(self, one: httpx.AsyncClient) -> None:
        mine = (await one.get("/enrollments?limit=100")).json()["items"]
        live = [item for item in mine if item["status"] == "active"]
        if live:
            path = f"/enrollments/{self.random.choice(live)['id']}/end"
            assert (await one.post(path)).status_code == 200

    async def refund(self, one: httpx.AsyncClient) -> None:
        payments = (await self.staff.get("/payments?limit=100")).json()["items"]
        paid = [item for item in payments if item["status"] in ("captured", "partially_refunded")]
        if paid:
            amount = self.random.choice((700, 1000, 4900))
            payment = self.random.choice(paid)["id"]
            answer = await refund(self.staff, payment, amount, key=str(self.uuid()))
            assert answer.status_code in (201, 202, 409, 422), answer.text

    def uuid(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)


class Books:
    """The other services' own tables, read from their files."""

    def __init__(self, data: Path) -> None:
        self._folder = data / "acme"

    def rows(self, service: str, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._folder / f"{service}.sqlite3")) as connection:
            return connection.execute(query).fetchall()

    def enrollments(self) -> list[tuple[Any, ...]]:
        query = "SELECT user_id, course_id, activated_at, completed_at, ended_at FROM enrollments"
        return self.rows("course", f"{query} WHERE activated_at IS NOT NULL")

    def lessons(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "course",
            "SELECT e.user_id, e.course_id, p.lesson_id, p.completed_at FROM lesson_progress p"
            " JOIN enrollments e ON e.id = p.enrollment_id WHERE p.completed_at IS NOT NULL",
        )

    def captured(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "payment", "SELECT captured_at, amount FROM payments WHERE captured_at IS NOT NULL"
        )

    def refunds(self) -> list[tuple[Any, ...]]:
        return self.rows(
            "payment", "SELECT refunded_at, amount FROM refunds WHERE refunded_at IS NOT NULL"
        )

    def earned(self) -> int:
        [(total,)] = self.rows(
            "payment",
            "SELECT coalesce(sum(s.amount - s.reversed), 0) FROM payment_shares s"
            " JOIN payments p ON p.id = s.payment_id WHERE p.captured_at IS NOT NULL",
        )
        return int(total)

    def pending(self) -> int:
        """Events that are under way, and sagas that are not over."""
        unsent = sum(
            self.rows(name, "SELECT count(*) FROM colonnade_outbox WHERE sent_at IS NULL")[0][0]
            for name in ("user", "course", "content", "payment")
        )
        [(sagas,)] = self.rows(
            "payment",
            "SELECT count(*) FROM colonnade_sagas"
            " WHERE phase NOT IN ('completed', 'compensated', 'canceled')",
        )
        [(refunds,)] = self.rows("payment", "SELECT count(*) FROM refunds WHERE status = 'pending'")
        return int(unsent + sagas + refunds)


def day_of(stored: str) -> date:
    """The local day of a time as the stores keep it."""
    return datetime.fromisoformat(stored).replace(tzinfo=UTC).astimezone(ZONE).date()


def recount(books: Books, workload: Workload) -> dict[date, dict[str, Any]]:
    """Local day → what the tables say of it."""
    days: dict[date, dict[str, Any]] = defaultdict(lambda: {"active": set(), **Counter()})

    def add(day: date, name: str, number: int = 1) -> None:
        days[day][name] = days[day].get(name, 0) + number

    enrolled = set()
    for user, course, activated, completed, _ in books.enrollments():
        enrolled.add((user, course))
        add(day_of(activated), "enrolments")
        days[day_of(activated)]["active"].add(user)
        if completed is not None:
            add(day_of(completed), "completions")
            days[day_of(completed)]["active"].add(user)
    for user, _, _, completed in books.lessons():
        add(day_of(completed), "lessons_completed")
        days[day_of(completed)]["active"].add(user)
    for user, course, at in workload.sent:
        if (user, course) in enrolled:
            days[at.astimezone(ZONE).date()]["active"].add(user)
    for at, amount in books.captured():
        add(day_of(at), "revenue", amount)
    for at, amount in books.refunds():
        add(day_of(at), "refunds", amount)
    return days


def flattened(item: dict[str, Any]) -> dict[str, int]:
    """A period of the metrics as plain numbers; all money here is EUR."""
    names = ("enrolments", "completions", "lessons_completed")
    found = {name: item[name] for name in names}
    for name in ("revenue", "refunds"):
        assert {amount["currency"] for amount in item[name]} <= {"EUR"}
        found[name] = sum(amount["amount"] for amount in item[name])
    return {**found, "active": item["active_learners"]}


async def prepared(platform: RunningPlatform) -> Workload:
    """Two free courses and one with a price, and people who will learn."""
    workload = Workload(await owner(platform.url, "acme"), Random(SEED))
    for number in range(3):
        price = {"price": {"amount": 4900, "currency": "EUR"}} if number == 2 else {}
        made = await published_course(workload.staff, f"Course {number}", lessons=2, **price)
        workload.courses.append((*made, number == 2))
    for number in range(LEARNERS):
        workload.learners.append(await learner(platform.url, "acme", f"learner{number}"))
    return workload


async def rows(client: httpx.AsyncClient, kind: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a report, as soon as it is made."""
    made = await report(client, kind, **parameters)
    found: list[dict[str, Any]] = (await content(client, made)).json()["rows"]
    return found


@pytest.mark.journey
async def test_numbers_are_recounts_of_the_services_own_tables(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    workload = await prepared(platform)
    for _ in range(STEPS):
        await workload.step()
    books = Books(tmp_path / "var" / "data")
    async with asyncio.timeout(120):
        while books.pending():
            await asyncio.sleep(0.1)
    days = recount(books, workload)
    assert sum(day.get("revenue", 0) for day in days.values()), "nobody paid: another seed"
    assert sum(day.get("refunds", 0) for day in days.values()), "no refund: another seed"
    assert sum(day.get("completions", 0) for day in days.values()), "nobody finished: another seed"

    metrics = (await workload.staff.get("/metrics")).json()
    for item in metrics["items"]:
        day = days.get(date.fromisoformat(item["period"]), {"active": set()})
        expected = {name: day.get(name, 0) for name in flattened(item)}
        assert flattened(item) == expected | {"active": len(day["active"])}, item["period"]
    everybody = set().union(*(day["active"] for day in days.values()))
    assert metrics["total"]["active_learners"] == len(everybody)

    await check_reports(workload.staff, books, workload)
    globex = await owner(platform.url, "globex")
    other = (await globex.get("/metrics")).json()["total"]
    assert set(flattened(other).values()) == {0}


async def check_reports(staff: httpx.AsyncClient, books: Books, workload: Workload) -> None:
    """Each kind against the tables."""
    completion = {row["course_id"]: row for row in await rows(staff, "course_completion")}
    for course, lessons, _ in workload.courses:
        mine = [row for row in books.enrollments() if UUID(row[1]) == UUID(course)]
        if not mine:
            continue
        row = completion[course]
        completed = sum(found[3] is not None for found in mine)
        left = sum(found[3] is None and found[4] is not None for found in mine)
        assert (row["enrolled"], row["completed"], row["left"]) == (len(mine), completed, left)
        funnel = await rows(staff, "lesson_funnel", course_id=course)
        done = Counter(UUID(found[2]) for found in books.lessons() if found[1] == mine[0][1])
        assert [step["learners"] for step in funnel] == [
            len(mine),
            *(done[UUID(lesson)] for lesson in lessons),
        ]
    revenue = await rows(staff, "revenue")
    assert total(revenue, "gross") == sum(amount for _, amount in books.captured())
    assert total(revenue, "refunds") == sum(amount for _, amount in books.refunds())
    assert total(revenue, "earned") == books.earned()
    assert total(await rows(staff, "instructor_earnings"), "earned") == books.earned()
    [*_, latest] = [row for row in await rows(staff, "cohort_retention") if row["learners"]]
    assert latest["learners"] == len({row[0] for row in books.enrollments()})
    assert latest["after_0"] == 100.0


def total(rows: list[dict[str, Any]], key: str) -> int:
    amounts: Iterator[int] = (row[key]["amount"] for row in rows)
    return sum(amounts)
