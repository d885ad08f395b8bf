"""Processor time of one complete purchase: ordered, paid, enrolled, told by mail, counted.

The buyer is registered, so mail is written and handed over, and nobody polls. A known buyer has
bought before: what policies decide about them is remembered. One in a new role has bought before,
and has a role since then that nobody had. Purchases together are made at the same moment, as in a
busy shop: what they write shares transactions.
"""

import asyncio
import collections
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import uvloop

from benchmarks.numbers.purchases import context_of, published_course
from benchmarks.processes import make_site
from benchmarks.registry import Figure, at_most, told
from benchmarks.yardstick import yardstick
from colonnade.context import Principal, PrincipalKind, use_context
from colonnade_payment.api import CreatePayment
from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from colonnade_runtime.adapters.store.sqlite.driver import SqliteDriver
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.calls.dispatcher import Dispatcher
from colonnade_runtime.observability.logs import configure_logs
from colonnade_runtime.process.runtime import Runtime
from colonnade_user.api import RegisterUser

BUYERS = 8
AT_ONCE = 4
"""Courses that each buyer buys at the same moment, in the end."""
QUIET_SECONDS = 0.5


def measure() -> Iterator[Figure]:
    """Medians of the purchases that are made alone, and the mean of those made together."""
    found = purchases(BUYERS)
    y = yardstick()
    for which, asked in (("known", 6.0), ("first", 8.0), ("together", 6.0)):
        seconds = statistics.median(each.seconds for each in found[which])
        yield at_most(
            f"processor time of a purchase / Y, {which}, registered buyer",
            asked,
            seconds / y,
            "Y",
            f"{seconds * 1e3:.1f} ms, Y {y * 1e3:.2f} ms",
        )
    for which in ("known", "first", "new role", "together"):
        counts = [each.counts for each in found[which]]
        shown = ", ".join(
            f"{name} {statistics.median(each[name] for each in counts):g}" for name in COUNTED
        )
        yield told(f"of a purchase, {which}", shown)


COUNTED = ("commits", "statements", "not prepared", "asks", "evaluations")


@dataclass(frozen=True, slots=True)
class Purchase:
    """What one purchase cost: seconds of processor time, and counts by `COUNTED`."""

    seconds: float
    counts: Mapping[str, float]


def purchases(buyers: int) -> dict[str, list[Purchase]]:
    """The `first`, `known` and `new role` purchases of so many buyers, one after the other, and
    the mean of several that all of them make `together`."""
    with tempfile.TemporaryDirectory() as folder:
        return uvloop.run(_measured(make_site(Path(folder) / "site"), buyers))


async def _measured(site: Path, buyers: int) -> dict[str, list[Purchase]]:
    configure_logs("error", "json")
    runtime = Runtime(
        read_declaration(site / "platform.yaml", ["tenants.watch=false"]),
        announce=lambda text: None,
    )
    await runtime.start()
    try:
        with _counting() as counts:
            return await _bought(runtime, buyers, counts)
    finally:
        await runtime.stop()


async def _bought(
    runtime: Runtime, buyers: int, counts: collections.Counter[str]
) -> dict[str, list[Purchase]]:
    courses = [await published_course(runtime) for _ in range(3 + AT_ONCE)]
    people = [await _registered(runtime, number) for number in range(buyers + 1)]
    # The last buyer warms up what is compiled and remembered for everybody.
    for course in courses:
        await _purchase(runtime, people[-1], course, counts)
    buyers = people[:-1]
    promoted = [replace(each, roles=(*each.roles, f"role{n}")) for n, each in enumerate(buyers)]
    bought = {"first": buyers, "known": buyers, "new role": promoted}
    alone = {
        which: [await _purchase(runtime, each, course, counts) for each in asking]
        for (which, asking), course in zip(bought.items(), courses[:3], strict=True)
    }
    return {**alone, "together": [await _together(runtime, buyers, courses[3:], counts)]}


async def _registered(runtime: Runtime, number: int) -> Principal:
    person = RegisterUser(
        email=f"buyer{number}@learners.example", password=uuid4().hex, name=f"Buyer {number}"
    )
    with use_context(context_of(Principal.anonymous())):
        user: Any = await runtime.ask(person)
    return Principal(PrincipalKind.USER, str(user.id), ("learner",))


async def _purchase(
    runtime: Runtime, buyer: Principal, course: UUID, counts: collections.Counter[str]
) -> Purchase:
    """Buy, and wait until nothing is left to do."""
    await _quiet(counts)
    counts.clear()
    started = time.process_time()
    await _order(runtime, buyer, course)
    await _quiet(counts)
    return Purchase(time.process_time() - started, counts.copy())


async def _together(
    runtime: Runtime,
    buyers: Sequence[Principal],
    courses: Sequence[UUID],
    counts: collections.Counter[str],
) -> Purchase:
    """Have all buyers buy all courses at the same moment; the mean of what one purchase cost."""
    await _quiet(counts)
    counts.clear()
    started = time.process_time()
    orders = [_order(runtime, buyer, course) for buyer in buyers for course in courses]
    await asyncio.gather(*orders)
    await _quiet(counts)
    seconds = time.process_time() - started
    shares = {name: count / len(orders) for name, count in counts.items()}
    return Purchase(seconds / len(orders), collections.defaultdict(float, shares))


async def _order(runtime: Runtime, buyer: Principal, course: UUID) -> None:
    with use_context(context_of(buyer)):
        order = CreatePayment(course_id=course, method="tok_ok")
        await runtime._dispatcher.do(order, idempotency_key=uuid4().hex)


async def _quiet(counts: collections.Counter[str]) -> None:
    before = -1
    while before != counts.total():
        before = counts.total()
        await asyncio.sleep(QUIET_SECONDS)


@contextmanager
def _counting() -> Iterator[collections.Counter[str]]:
    """Count what reaches the driver, other services and the policies' engine."""
    counts: collections.Counter[str] = collections.Counter()
    kept = {name: getattr(SqliteDriver, name) for name in ("fetch", "execute", "execute_many")}
    run, ask, decide = SqliteDriver.run, Dispatcher.ask, EmbeddedPolicy.decide

    def counted(name: str) -> Any:
        def call(self: SqliteDriver, sql: str, parameters: Any) -> Any:
            if sql == "COMMIT":
                counts["commits"] += 1
            elif not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
                counts["statements"] += 1
            return kept[name](self, sql, parameters)

        return call

    def counted_run(self: SqliteDriver, statement: Any, parameters: Any) -> Any:
        counts["statements"] += 1
        counts["not prepared"] += 1
        return run(self, statement, parameters)

    async def counted_ask(self: Dispatcher, *arguments: Any) -> Any:
        counts["asks"] += 1
        return await ask(self, *arguments)

    async def counted_decide(self: EmbeddedPolicy, query: Any) -> Any:
        counts["evaluations"] += 1
        return await decide(self, query)

    for name in kept:
        setattr(SqliteDriver, name, counted(name))
    SqliteDriver.run = counted_run  # type: ignore[method-assign]
    Dispatcher.ask = counted_ask  # type: ignore[method-assign,assignment]
    EmbeddedPolicy.decide = counted_decide  # type: ignore[method-assign]
    try:
        yield counts
    finally:
        for name, method in kept.items():
            setattr(SqliteDriver, name, method)
        SqliteDriver.run = run  # type: ignore[method-assign]
        Dispatcher.ask = ask  # type: ignore[method-assign]
        EmbeddedPolicy.decide = decide  # type: ignore[method-assign]
