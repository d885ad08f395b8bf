"""An operation of a service in another process, beside bare request and reply with nats-py."""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import nats
import uvloop

from benchmarks.answering import BARE
from benchmarks.fixture import plugin
from benchmarks.fixture.api import Ping
from benchmarks.measuring import ROUNDS, in_turn, percentile
from benchmarks.processes import ROOT, make_site, stopping
from benchmarks.registry import Figure, at_least, at_most
from benchmarks.split import SERVICES, declare_processes, nats_server
from colonnade.context import Context, Principal, PrincipalKind, use_context
from colonnade_runtime.assembly.declared import read_declaration
from colonnade_runtime.declaration.model.placement import placement_of
from colonnade_runtime.observability.logs import configure_logs
from colonnade_runtime.process.runtime import Runtime
from colonnade_runtime.serve.memory import settle_memory

IN_FLIGHT = 32
CALLS = 2000
IN_SEQUENCE = 400
TEXT = "hello"

Samples = dict[str, list[float]]


def measure() -> Iterator[Figure]:
    """Policy, context and codec are in ours; in the other is nothing but the bytes."""
    with tempfile.TemporaryDirectory() as folder, nats_server() as url:
        site = make_site(Path(folder) / "site")
        declare_processes(site, {"asking": SERVICES, "answering": ["bench"]})
        with _answering(site, url):
            found = uvloop.run(_measure(site, url))
    ours, bare = found["ours"], found["bare"]
    rates = f"{ours:.0f} and {bare:.0f} a second"
    what = "ask across processes / bare nats-py request"
    yield at_least(f"{what}, throughput at {IN_FLIGHT} in flight", 0.5, ours / bare, rates)
    slow, fast = found["ours in sequence"], found["bare in sequence"]
    times = f"{slow * 1e6:.0f} and {fast * 1e6:.0f} µs"
    yield at_most(f"{what}, latency in sequence", 1.5, slow / fast, "times", times)


@contextmanager
def _answering(site: Path, url: str) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.answering", str(site), url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with stopping(process):
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError("the answering process did not start")
        yield
        process.stdin.close()
        process.wait(30)


async def _measure(site: Path, url: str) -> dict[str, float]:
    configure_logs("warning", "json")
    settings = [f"bus={url}", "services.bench.enabled=true", "tenants.watch=false"]
    declared = read_declaration(site / "platform.yaml", settings, extra=[plugin])
    place = placement_of(declared.loaded.platform, "asking")
    runtime = Runtime(declared, place=place, announce=lambda text: None)
    client = await nats.connect(url)
    await runtime.start()
    # As every process does when it is ready; the bare client profits as well.
    settle_memory()
    learner = Principal(PrincipalKind.USER, str(uuid4()), ("learner",), session_id=str(uuid4()))
    payload = Ping(text=TEXT).encode()

    # Every call has a context of its own, as the first `ask` of an HTTP request does.
    contexts = iter([_context(learner) for _ in range((ROUNDS + 1) * (CALLS + IN_SEQUENCE))])

    async def ours() -> None:
        with use_context(next(contexts)):
            await runtime.ask(Ping(text=TEXT))

    async def bare() -> None:
        await client.request(BARE, payload, timeout=10)

    try:
        return await _in_turn({"ours": ours, "bare": bare})
    finally:
        await client.close()
        await runtime.stop()


async def _in_turn(candidates: dict[str, Callable[[], Awaitable[None]]]) -> dict[str, float]:
    samples: Samples = {}
    for _ in range(ROUNDS + 1):
        for name, call in candidates.items():
            samples.setdefault(name, []).append(await _rate(call))
            samples.setdefault(f"{name} in sequence", []).append(await _latency(call))
    # The first round fills what is memoised.
    return in_turn({name: iter(found[1:]).__next__ for name, found in samples.items()})


async def _rate(call: Callable[[], Awaitable[None]]) -> float:
    left = iter(range(CALLS))

    async def one_after_the_other() -> None:
        for _ in left:
            await call()

    started = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(IN_FLIGHT)))
    return CALLS / (time.perf_counter() - started)


async def _latency(call: Callable[[], Awaitable[None]]) -> float:
    took = []
    for _ in range(IN_SEQUENCE):
        started = time.perf_counter()
        await call()
        took.append(time.perf_counter() - started)
    return percentile(took, 0.5)


def _context(principal: Principal) -> Context:
    trace = f"00-{uuid4().hex}-{uuid4().hex[:16]}-00"
    return Context("acme", principal, time.time() + 600, uuid4().hex, trace)
