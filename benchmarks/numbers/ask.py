"""An operation of another service in the same process: context, encoding and policy included."""

import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import uvloop

from benchmarks.fixture import plugin
from benchmarks.fixture.api import Ping
from benchmarks.measuring import ROUNDS, in_turn
from benchmarks.processes import make_site
from benchmarks.registry import Figure
from benchmarks.yardstick import at_most_yardsticks
from colonnade.context import Context, Principal, PrincipalKind, use_context
from colonnade_course.api import CreateCourse, GetCourse, PublishCourse
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.observability.logs import configure_logs
from colonnade_runtime.process.runtime import Runtime

ASKED = 0.027
CALLS = 500


def measure() -> Iterator[Figure]:
    """Every call comes with a context of its own, as the first `ask` of an HTTP request does."""
    with tempfile.TemporaryDirectory() as folder:
        medians = uvloop.run(_measure(make_site(Path(folder) / "site")))
    what = "in-process ask"
    ping, course = (medians[name] / 1e6 for name in ("ping", "course"))
    yield at_most_yardsticks(f"{what} of a handler that answers at once", ASKED, ping)
    again = f"{medians['repeated']:.3g} µs each when one context asks again and again"
    yield at_most_yardsticks(f"{what} of a course, its read included", ASKED, course, again)


async def _measure(site: Path) -> dict[str, float]:
    configure_logs("warning", "json")
    settings = [
        "services.bench.enabled=true",
        "tenants.watch=false",
        "logging.access=false",
    ]
    declared = read_declaration(site / "platform.yaml", settings, extra=[plugin])
    runtime = Runtime(declared, announce=lambda text: None)
    await runtime.start()
    try:
        return await _medians(runtime)
    finally:
        await runtime.stop()


async def _medians(runtime: Runtime) -> dict[str, float]:
    with use_context(_context(Principal.service("operator"))):
        course = await runtime.ask(CreateCourse(title="Python", slug="python"))
        await runtime.ask(PublishCourse(course_id=course.id))
    learner = Principal(PrincipalKind.USER, str(uuid4()), ("learner",), session_id=str(uuid4()))
    samples: dict[str, list[float]] = {"ping": [], "course": [], "repeated": []}
    for _ in range(ROUNDS + 1):
        ping = await _microseconds(lambda: runtime.ask(Ping(text="hello")), learner)
        read = await _microseconds(lambda: runtime.ask(GetCourse(course_id=course.id)), learner)
        with use_context(_context(learner)):
            again = await _microseconds(lambda: runtime.ask(GetCourse(course_id=course.id)), None)
        for name, sample in zip(samples, (ping, read, again), strict=True):
            samples[name].append(sample)
    # The first round fills what is memoised.
    return in_turn({name: iter(found[1:]).__next__ for name, found in samples.items()})


async def _microseconds(ask: Callable[[], Awaitable[Any]], asker: Principal | None) -> float:
    contexts = [_context(asker) for _ in range(CALLS)] if asker else []
    # Nothing in it waits: time on the processor is its cost, whatever else the machine does.
    started = time.process_time()
    for context in contexts:
        with use_context(context):
            await ask()
    if asker is None:
        for _ in range(CALLS):
            await ask()
    return (time.process_time() - started) / CALLS * 1e6


def _context(principal: Principal) -> Context:
    trace = f"00-{uuid4().hex}-{uuid4().hex[:16]}-00"
    return Context("acme", principal, time.time() + 600, uuid4().hex, trace)
