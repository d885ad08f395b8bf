"""Complete purchases over HTTP, from the order to the active enrolment, beside raw durable commits;
and how many durable commits one purchase makes."""

import asyncio
import collections
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import uvloop

from benchmarks.processes import ServerProcess, access_token, make_site, platform
from benchmarks.registry import Figure, at_least, at_most
from colonnade.context import Context, Principal, PrincipalKind, use_context
from colonnade.money import Money
from colonnade_course.api import CreateCourse, PublishCourse
from colonnade_payment.api import CreatePayment, GetPayment
from colonnade_runtime.adapters.store.sqlite.driver import SqliteDriver
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.observability.logs import configure_logs
from colonnade_runtime.process.runtime import Runtime

COMMITS_A_PURCHASE_MAY_COST = 80
ASKED_COMMITS = 12
BUYERS = 16
COURSES = 8
LOOK_EVERY = 0.1
"""Seconds between two looks of a buyer at their payment."""
COUNTED = 4
TOGETHER = 24
SECONDS = 120.0
PRICE = {"amount": 4900, "currency": "EUR"}


def measure() -> Iterator[Figure]:
    """Everything runs on one disk; raw commits are measured before and after the purchases."""
    with tempfile.TemporaryDirectory() as folder:
        site = make_site(Path(folder) / "site")
        before = raw_commits(Path(folder))
        with platform(site) as server:
            rate = uvloop.run(_purchases(server))
        raw = (before + raw_commits(Path(folder))) / 2
    detail = f"{rate:.1f} purchases and {raw:.0f} raw commits per second"
    ratio = COMMITS_A_PURCHASE_MAY_COST * rate / raw
    yield at_least("80 × complete purchases / raw durable commits", 1.0, ratio, detail)
    with tempfile.TemporaryDirectory() as folder:
        counts = uvloop.run(_commits(make_site(Path(folder) / "site")))
    what = "durable commits of a purchase by payment, course and the provider"
    for how, found in counts.items():
        own = found["payment"] + found["course"] + found["provider"]
        shown = ", ".join(f"{name} {count:.1f}" for name, count in sorted(found.items()))
        beside = f"with what others note of it: {shown}"
        yield at_most(f"{what}, {how}", ASKED_COMMITS, own, "commits", beside)


def raw_commits(folder: Path) -> float:
    """Durable single-row transactions per second on raw sqlite3."""
    path = folder / f"raw-{uuid4().hex}.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
    started, number = time.perf_counter(), 0
    while time.perf_counter() - started < 2.0:
        connection.execute("INSERT INTO notes (text) VALUES ('something to keep')")
        number += 1
    rate = number / (time.perf_counter() - started)
    connection.close()
    return rate


@dataclass(frozen=True, slots=True)
class _Shop:
    """Buyers with their tokens, and what they can buy."""

    client: httpx.AsyncClient
    buyers: list[dict[str, str]]
    courses: list[str]


async def _purchases(server: ServerProcess) -> float:
    base = f"{server.url}/api/v1"
    limits = httpx.Limits(max_connections=BUYERS * 2)
    async with httpx.AsyncClient(
        base_url=base, headers={"X-Tenant": "acme"}, timeout=60, limits=limits
    ) as client:
        owner = {"Authorization": f"Bearer {access_token(server)}"}
        courses = [await new_course(client, owner) for _ in range(COURSES + 1)]
        shop = _Shop(client, [await new_buyer(client, number) for number in range(BUYERS)], courses)
        # The first course warms everything that is memoised for each buyer.
        await asyncio.gather(*(_buy(shop, buyer, courses[0]) for buyer in shop.buyers))
        started = time.perf_counter()
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(*(_buy_all(shop, buyer) for buyer in shop.buyers))
        return BUYERS * COURSES / (time.perf_counter() - started)


async def _buy_all(shop: _Shop, buyer: dict[str, str]) -> None:
    for course in shop.courses[1:]:
        await _buy(shop, buyer, course)


async def _buy(shop: _Shop, buyer: dict[str, str], course: str) -> None:
    """Order, and look until the buyer is enrolled."""
    answer = await shop.client.post(
        "/payments",
        json={"course_id": course, "method": "tok_ok"},
        headers={**buyer, "Idempotency-Key": uuid4().hex},
    )
    payment = answer.raise_for_status().json()["id"]
    while (await _get(shop, buyer, f"/payments/{payment}"))["status"] != "captured":
        await asyncio.sleep(LOOK_EVERY)
    enrollment = (await _get(shop, buyer, f"/payments/{payment}"))["enrollment_id"]
    while (await _get(shop, buyer, f"/enrollments/{enrollment}"))["status"] != "active":
        await asyncio.sleep(LOOK_EVERY)


async def _get(shop: _Shop, who: dict[str, str], path: str) -> Any:
    answer = await shop.client.get(path, headers=who)
    return answer.raise_for_status().json()


async def new_course(client: httpx.AsyncClient, owner: dict[str, str]) -> str:
    """A published course with a price: its id."""
    body = {"title": "Python", "slug": f"python-{uuid4().hex}", "price": PRICE}
    made = await client.post("/courses", json=body, headers=owner)
    course: str = made.raise_for_status().json()["id"]
    (await client.post(f"/courses/{course}/publish", headers=owner)).raise_for_status()
    return course


def credentials_of(number: int) -> dict[str, str]:
    """How this buyer signs in."""
    return {"email": f"buyer{number}@learners.example", "password": "a password for buying"}


async def new_buyer(client: httpx.AsyncClient, number: int) -> dict[str, str]:
    """Somebody new, signed in: the header that says so."""
    person = credentials_of(number)
    made = await client.post("/auth/register", json={**person, "name": f"Buyer {number}"})
    made.raise_for_status()
    token = (await client.post("/auth/login", json=person)).raise_for_status().json()
    return {"Authorization": f"Bearer {token['access_token']}"}


async def _commits(site: Path) -> dict[str, dict[str, float]]:
    """Commits per purchase and service, counted where every store commits."""
    configure_logs("warning", "json")
    counts: collections.Counter[str] = collections.Counter()
    begin_commit = SqliteDriver.commit

    def counted(self: SqliteDriver) -> None:
        begin_commit(self)
        [file] = self.fetch("SELECT file FROM pragma_database_list WHERE name = 'main'", ())
        counts[Path(file[0]).stem] += 1

    declared = read_declaration(site / "platform.yaml", ["tenants.watch=false"])
    runtime = Runtime(declared, announce=lambda text: None)
    await runtime.start()
    SqliteDriver.commit = counted  # type: ignore[method-assign]
    try:
        return await _counted_purchases(runtime, counts)
    finally:
        SqliteDriver.commit = begin_commit  # type: ignore[method-assign]
        await runtime.stop()


async def _counted_purchases(
    runtime: Runtime, counts: collections.Counter[str]
) -> dict[str, dict[str, float]]:
    """One after the other, and side by side: then the relay sends and marks several at once."""
    alone = [await published_course(runtime) for _ in range(COUNTED)]
    together = [await published_course(runtime) for _ in range(TOGETHER)]
    await _quiet(counts)
    counts.clear()
    for course in alone:
        await _bought(runtime, course)
        await _quiet(counts)
    found = {"one after the other": _each(counts, COUNTED)}
    counts.clear()
    await asyncio.gather(*(_bought(runtime, course) for course in together))
    await _quiet(counts)
    return {**found, f"{TOGETHER} side by side": _each(counts, TOGETHER)}


def _each(counts: collections.Counter[str], purchases: int) -> dict[str, float]:
    # The sandbox commits once for the authorisation and once for the capture.
    return {"provider": 2.0, **{name: count / purchases for name, count in counts.items()}}


async def published_course(runtime: Runtime) -> Any:
    """The id of a new published course with a price."""
    price = Money(amount=4900, currency="EUR")
    wanted = CreateCourse(title="Python", slug=f"python-{uuid4().hex}", price=price)
    with use_context(context_of(Principal.service("operator"))):
        course = await runtime.ask(wanted)
        await runtime.ask(PublishCourse(course_id=course.id))
    return course.id


async def _bought(runtime: Runtime, course: Any) -> None:
    buyer = Principal(PrincipalKind.USER, str(uuid4()), ("learner",))
    with use_context(context_of(buyer)):
        order = CreatePayment(course_id=course, method="tok_ok")
        payment = await runtime._dispatcher.do(order, idempotency_key=uuid4().hex)
        while (await runtime.ask(GetPayment(payment_id=payment.id))).status != "captured":
            await asyncio.sleep(0.01)


async def _quiet(counts: collections.Counter[str]) -> None:
    """Wait until nothing has committed for half a second."""
    before = -1
    while before != counts.total():
        before = counts.total()
        await asyncio.sleep(0.5)


def context_of(principal: Principal) -> Context:
    """A call of `principal`."""
    return Context("acme", principal, time.time() + 600, "bench")
