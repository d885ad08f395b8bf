"""Processor time of one complete purchase: ordered, paid, enrolled, told by mail, counted.

The buyer is registered, so mail is written and handed over, and nobody polls. A known buyer has
bought before: what policies decide about them is remembered.
"""

import asyncio
import collections
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
from colonnade_runtime.adapters.store.sqlite.driver import SqliteDriver
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.observability.logs import configure_logs
from colonnade_runtime.process.runtime import Runtime
from colonnade_user.api import RegisterUser

BUYERS = 8
QUIET_SECONDS = 0.5


def measure() -> Iterator[Figure]:
    """Every buyer buys twice; the medians of their first and of their second purchases."""
    with tempfile.TemporaryDirectory() as folder:
        found = uvloop.run(_measured(make_site(Path(folder) / "site")))
    y = yardstick()
    for which, asked in (("known", 6.0), ("first", 8.0)):
        milliseconds = found[which] * 1e3
        yield at_most(
            f"processor time of a purchase / Y, {which} purchase of a registered buyer",
            asked,
            found[which] / y,
            "Y",
            f"{milliseconds:.1f} ms, Y {y * 1e3:.2f} ms",
        )
    for which in ("known", "first"):
        counts = found["counts"][which]
        shown = ", ".join(f"{name} {number:.1f}" for name, number in sorted(counts.items()))
        yield told(f"of a {which} purchase", shown)


async def _measured(site: Path) -> dict[str, Any]:
    configure_logs("error", "json")
    runtime = Runtime(
        read_declaration(site / "platform.yaml", ["tenants.watch=false"]),
        announce=lambda text: None,
    )
    await runtime.start()
    try:
        with _counting() as counts:
            return await _bought(runtime, counts)
    finally:
        await runtime.stop()


async def _bought(runtime: Runtime, counts: collections.Counter[str]) -> dict[str, Any]:
    courses = [await published_course(runtime) for _ in range(2)]
    buyers = [await _registered(runtime, number) for number in range(BUYERS + 1)]
    # The last buyer warms up what is compiled and remembered for everybody.
    for course in courses:
        await _purchase(runtime, buyers[-1], course, counts)
    seconds: dict[str, float] = {}
    found: dict[str, dict[str, float]] = {}
    for which, course in zip(("first", "known"), courses, strict=True):
        counts.clear()
        taken = [await _purchase(runtime, each, course, counts) for each in buyers[:-1]]
        seconds[which] = statistics.median(taken)
        found[which] = {name: number / BUYERS for name, number in counts.items()}
    return {**seconds, "counts": found}


async def _registered(runtime: Runtime, number: int) -> Principal:
    person = RegisterUser(
        email=f"buyer{number}@learners.example", password=uuid4().hex, name=f"Buyer {number}"
    )
    with use_context(context_of(Principal.anonymous())):
        user: Any = await runtime.ask(person)
    return Principal(PrincipalKind.USER, str(user.id), ("learner",))


async def _purchase(
    runtime: Runtime, buyer: Principal, course: UUID, counts: collections.Counter[str]
) -> float:
    """Seconds of processor time until nothing is left to do."""
    await _quiet(counts)
    started = time.process_time()
    with use_context(context_of(buyer)):
        order = CreatePayment(course_id=course, method="tok_ok")
        await runtime._dispatcher.do(order, idempotency_key=uuid4().hex)
    await _quiet(counts)
    return time.process_time() - started


async def _quiet(counts: collections.Counter[str]) -> None:
    before = -1
    while before != counts.total():
        before = counts.total()
        await asyncio.sleep(QUIET_SECONDS)


@contextmanager
def _counting() -> Iterator[collections.Counter[str]]:
    """Count commits and statements where they reach the driver."""
    counts: collections.Counter[str] = collections.Counter()
    kept = {name: getattr(SqliteDriver, name) for name in ("fetch", "execute", "execute_many")}
    run = SqliteDriver.run

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

    for name in kept:
        setattr(SqliteDriver, name, counted(name))
    SqliteDriver.run = counted_run  # type: ignore[method-assign]
    try:
        yield counts
    finally:
        for name, method in kept.items():
            setattr(SqliteDriver, name, method)
        SqliteDriver.run = run  # type: ignore[method-assign]
