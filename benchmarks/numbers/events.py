"""From before the commit of an event to after that of its effect, on the embedded bus and store."""

import asyncio
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import structlog
import uvloop

from benchmarks.fixture.api import EntryAdded
from benchmarks.fixture.models import EntryRow, NoteRow
from benchmarks.measuring import percentile
from benchmarks.registry import Figure
from benchmarks.yardstick import at_most_yardsticks
from colonnade.bus import Consumer
from colonnade.clock import SystemClock
from colonnade.context import Context, Principal, use_context
from colonnade.events import Envelope, reactions_of, reacts_to
from colonnade.identifiers import new_id
from colonnade.rows.row_tracking import Left
from colonnade.services import StoreNeed
from colonnade.store import Session
from colonnade_runtime.adapters.bus.memory import MemoryBus
from colonnade_runtime.adapters.store.sqlite import SqliteStores
from colonnade_runtime.background.acting.actor import Actor
from colonnade_runtime.background.background_work import BackgroundTasks, BackgroundWork
from colonnade_runtime.calls.tenant_states import TenantState
from colonnade_runtime.observability.logs import configure_logs

TENANT = "acme"
PER_SECOND = 50
EVENTS = 300


class Notes:
    """Writes a note for every entry."""

    @reacts_to(EntryAdded)
    def note(self, session: Session, added: EntryAdded) -> None:
        """Runs in the transaction that remembers the event."""
        session.add(NoteRow(id=new_id(), entry_id=added.entry_id, text="seen"))


class WitnessBus(MemoryBus):
    """Sees when a consumer has handled an event: its effect is committed then."""

    def __init__(self) -> None:
        super().__init__()
        self.handled: dict[UUID, float] = {}

    async def consume(self, consumer: Consumer) -> None:
        """As the memory bus does, with a look at the clock after each event."""

        async def deliver(envelope: bytes) -> None:
            await consumer.deliver(envelope)
            added = EntryAdded.decode(bytes(Envelope.decode(envelope).data))
            self.handled[added.entry_id] = time.perf_counter()

        await super().consume(replace(consumer, deliver=deliver))


def measure() -> Iterator[Figure]:
    """Three hundred events, evenly."""
    configure_logs("warning", "json")
    with tempfile.TemporaryDirectory() as folder:
        took = uvloop.run(_milliseconds(Path(folder)))
    what = f"event from commit to handled at {PER_SECOND} a second"
    p50, p99 = (percentile(took, fraction) / 1e3 for fraction in (0.50, 0.99))
    yield at_most_yardsticks(f"{what}, p50", 2.2, p50)
    yield at_most_yardsticks(f"{what}, p99", 11.0, p99, f"{len(took)} events")


async def _milliseconds(folder: Path) -> list[float]:
    clock, bus, log = SystemClock(), WitnessBus(), structlog.get_logger("bench")
    stores = SqliteStores(folder, clock, lambda tenant: True)
    need = StoreNeed("benchmarks.fixture.migrations", "benchmarks.fixture.models")
    background: list[BackgroundWork] = []

    def wake(tenant: str, left: Left) -> None:
        background[0].wake(tenant, left)

    store = stores.store("bench", need, on_published=wake)
    tasks = BackgroundTasks(reactions_of(_objects()))
    actor = Actor("bench", clock)
    work = BackgroundWork(
        tasks,
        store,
        stores.control("bench"),
        bus,
        lambda tenant: TenantState.ACTIVE,
        "bench",
        actor,
        log,
    )
    background.append(work)
    await bus.start()
    await work.listen()
    await work.start()
    written: dict[UUID, float] = {}

    async def write() -> None:
        entry = new_id()

        def add(session: Session) -> None:
            session.add(EntryRow(id=entry, title="An entry", amount=1))
            session.publish(EntryAdded(entry_id=entry))
            written[entry] = time.perf_counter()

        with use_context(Context(TENANT, Principal.service("bench"), time.time() + 60, "bench")):
            await store.run(add)

    await _evenly(write)
    async with asyncio.timeout(30):
        while written.keys() - bus.handled.keys():
            await asyncio.sleep(0.01)
    await work.drain(5)
    await bus.stop(5)
    await work.release()
    await stores.close()
    # The first second is the opening of files and the first use of every statement.
    entries = list(written)[PER_SECOND:]
    return [(bus.handled[entry] - written[entry]) * 1000 for entry in entries]


async def _evenly(write: object) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    tasks = []
    for number in range(EVENTS + PER_SECOND):
        await asyncio.sleep(max(0.0, started + number / PER_SECOND - loop.time()))
        tasks.append(asyncio.create_task(write(), name=f"event {number}"))  # type: ignore[operator]
    await asyncio.gather(*tasks)


def _objects() -> Sequence[object]:
    return [Notes()]
