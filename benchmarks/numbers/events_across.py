"""Events from their commit in one process to the commit of their effect in another, over NATS."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import nats
import structlog
import uvloop

from benchmarks.fixture.api import EntryAdded
from benchmarks.fixture.models import EntryRow
from benchmarks.measuring import percentile
from benchmarks.numbers.purchases import raw_commits
from benchmarks.processes import ROOT
from benchmarks.reacting import NEED
from benchmarks.registry import Figure, at_least
from benchmarks.split import nats_server
from benchmarks.yardstick import at_most_yardsticks
from colonnade.clock import SystemClock
from colonnade.context import Context, Principal, use_context
from colonnade.identifiers import new_id
from colonnade.store import Session
from colonnade_runtime.adapters.bus.nats import NatsBus
from colonnade_runtime.adapters.bus.nats.connection.options import read_options
from colonnade_runtime.adapters.store.sqlite import SqliteStores
from colonnade_runtime.background.acting.actor import Actor
from colonnade_runtime.background.background_work import BackgroundTasks, BackgroundWork
from colonnade_runtime.calls.tenant_states import TenantState
from colonnade_runtime.observability.logs import configure_logs

TENANT = "acme"
PER_SECOND = 100
EVENLY = 500
AT_ONCE = 2000
WRITERS = 32
BATCH = 250


def measure() -> Iterator[Figure]:
    """One commit at each end; the peers are measured on the same server and disk."""
    configure_logs("warning", "json")
    with tempfile.TemporaryDirectory() as folder, nats_server() as url:
        found = uvloop.run(_measure(Path(folder), url))
        disk = raw_commits(Path(folder))
    slower = min(found["bare"], disk / 2)
    detail = (
        f"{found['ours']:.0f} events, {found['bare']:.0f} bare messages and {disk:.0f} raw "
        "commits per second"
    )
    what = "events across processes / the slower of bare JetStream and half the raw commits"
    yield at_least(what, 0.2, found["ours"] / slower, detail)
    what = f"commit to effect across processes at {PER_SECOND} a second"
    p99 = f"p99 {found['p99'] * 1000:.1f} ms"
    yield at_most_yardsticks(f"{what}, p50", 6.7, found["p50"], p99)


async def _measure(folder: Path, url: str) -> dict[str, float]:
    found = {"bare": await _bare(url)}
    async with _reacting(folder / "reacting", url) as handled, _writing(folder, url) as write:
        evenly = await _evenly(write, handled)
        # The first second is the opening of files and the first use of every statement.
        took = evenly[PER_SECOND:]
        found |= {"p50": percentile(took, 0.50), "p99": percentile(took, 0.99)}
        found["ours"] = await _at_once(write, handled)
    return found


@asynccontextmanager
async def _reacting(folder: Path, url: str) -> Any:
    """The other process; what it handled, by entry."""
    folder.mkdir()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.reacting", str(folder), url),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    output = process.stdout
    handled: dict[UUID, float] = {}

    async def listen() -> None:
        async for line in output:
            entry, when = line.split()
            handled[UUID(entry.decode())] = float(when)

    async with asyncio.timeout(30):
        if await output.readline() != b"ready\n":
            raise RuntimeError("the reacting process did not start")
    listening = asyncio.create_task(listen(), name="what is handled")
    try:
        yield handled
    finally:
        process.stdin.close()
        await process.wait()
        await listening


Write = Callable[[], Awaitable[tuple[UUID, float]]]


@asynccontextmanager
async def _writing(folder: Path, url: str) -> Any:
    """The way to write an entry: answers its id, and when its transaction began to commit."""
    clock, log = SystemClock(), structlog.get_logger("bench")
    bus = NatsBus(read_options(url, folder), "writing", log)
    stores = SqliteStores(folder / "writing", clock, lambda tenant: True)
    works: list[BackgroundWork] = []

    def published(tenant: str) -> None:
        works[0].wake(tenant)

    store = stores.store("bench", NEED, on_published=published)
    work = BackgroundWork(
        BackgroundTasks(()),
        store,
        stores.control("bench"),
        bus,
        lambda tenant: TenantState.ACTIVE,
        "writing",
        Actor("bench", clock),
        log,
    )
    works.append(work)
    await bus.start()
    await work.start()

    async def write() -> tuple[UUID, float]:
        entry = new_id()
        began = 0.0

        def add(session: Session) -> None:
            nonlocal began
            session.add(EntryRow(id=entry, title="An entry", amount=1))
            session.publish(EntryAdded(entry_id=entry))
            began = time.monotonic()

        with use_context(Context(TENANT, Principal.service("bench"), time.time() + 60, "bench")):
            await store.run(add)
        return entry, began

    try:
        yield write
    finally:
        await work.drain(5)
        await bus.stop(5)
        await work.release()
        await stores.close()


async def _evenly(write: Write, handled: dict[UUID, float]) -> list[float]:
    """Seconds from commit to effect, in the order of writing."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    tasks = []
    for number in range(EVENLY + PER_SECOND):
        await asyncio.sleep(max(0.0, started + number / PER_SECOND - loop.time()))
        tasks.append(asyncio.ensure_future(write()))
    written = await asyncio.gather(*tasks)
    await _until_all(handled, [entry for entry, _ in written])
    return [handled[entry] - began for entry, began in written]


async def _at_once(write: Write, handled: dict[UUID, float]) -> float:
    """Events per second, from the first commit to the last effect."""
    left = iter(range(AT_ONCE))
    entries: list[UUID] = []

    async def one_after_the_other() -> None:
        for _ in left:
            entry, _ = await write()
            entries.append(entry)

    started = time.monotonic()
    await asyncio.gather(*(one_after_the_other() for _ in range(WRITERS)))
    await _until_all(handled, entries)
    return AT_ONCE / (max(handled[entry] for entry in entries) - started)


async def _until_all(handled: dict[UUID, float], entries: list[UUID]) -> None:
    async with asyncio.timeout(120):
        while any(entry not in handled for entry in entries):
            await asyncio.sleep(0.05)


async def _bare(url: str) -> float:
    """Messages per second, published, fetched and acknowledged with nats-py alone."""
    client = await nats.connect(url)
    stream = client.jetstream()
    await stream.add_stream(name="bare", subjects=["bare.>"])
    subscription = await stream.pull_subscribe("bare.>", "bare")
    left = iter(range(AT_ONCE))

    async def one_after_the_other() -> None:
        for number in left:
            await stream.publish(f"bare.{number}", b"x" * 400)

    async def fetched() -> None:
        count = 0
        while count < AT_ONCE:
            messages = await subscription.fetch(BATCH, timeout=10)
            await asyncio.gather(*(message.ack_sync() for message in messages))
            count += len(messages)

    started = time.monotonic()
    await asyncio.gather(fetched(), *(one_after_the_other() for _ in range(WRITERS)))
    rate = AT_ONCE / (time.monotonic() - started)
    await stream.delete_stream("bare")
    await client.close()
    return rate
