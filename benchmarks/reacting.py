"""The other process of a measurement: `python -m benchmarks.reacting FOLDER NATS_URL`.

It reacts to every `EntryAdded` with a row of its own. On its output it says `ready`, and then a
line for every event: its entry, and when its effect was committed (CLOCK_MONOTONIC, in seconds,
which all processes of a machine share). It ends with its input.
"""

import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path

import structlog
import uvloop

from benchmarks.fixture.api import EntryAdded
from benchmarks.fixture.models import NoteRow
from colonnade.bus import Consumer
from colonnade.clock import SystemClock
from colonnade.events import Envelope, reactions_of, reacts_to
from colonnade.identifiers import new_id
from colonnade.services import StoreNeed
from colonnade.store import Session
from colonnade_runtime.adapters.bus.nats import NatsBus
from colonnade_runtime.adapters.bus.nats.connection.options import read_options
from colonnade_runtime.adapters.store.sqlite import SqliteStores
from colonnade_runtime.background.acting.actor import Actor
from colonnade_runtime.background.background_work import BackgroundTasks, BackgroundWork
from colonnade_runtime.calls.tenant_states import TenantState
from colonnade_runtime.observability.logs import configure_logs

NEED = StoreNeed("benchmarks.fixture.migrations", "benchmarks.fixture.models")


class Notes:
    """Writes a note for every entry."""

    @reacts_to(EntryAdded)
    def note(self, session: Session, added: EntryAdded) -> None:
        """Runs in the transaction that remembers the event."""
        session.add(NoteRow(id=new_id(), entry_id=added.entry_id, text="seen"))


class WitnessBus(NatsBus):
    """Says when a consumer has handled an event: its effect is committed then."""

    async def consume(self, consumer: Consumer) -> None:
        """As the bus does, with a line after each event."""

        async def deliver(envelope: bytes) -> None:
            await consumer.deliver(envelope)
            handled = time.monotonic()
            added = EntryAdded.decode(bytes(Envelope.decode(envelope).data))
            print(added.entry_id, handled, flush=True)

        await super().consume(replace(consumer, deliver=deliver))


async def main(folder: Path, nats_url: str) -> None:
    """React until the input ends."""
    configure_logs("warning", "json")
    clock, log = SystemClock(), structlog.get_logger("bench")
    bus = WitnessBus(read_options(nats_url, folder), "reacting", log)
    stores = SqliteStores(folder, clock, lambda tenant: True)
    work = BackgroundWork(
        BackgroundTasks(reactions_of([Notes()])),
        stores.store("bench", NEED, on_published=lambda tenant, left: None),
        stores.control("bench"),
        bus,
        lambda tenant: TenantState.ACTIVE,
        "reacting",
        Actor("bench", clock),
        log,
    )
    await bus.start()
    await work.listen()
    await work.start()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await work.drain(5)
    await bus.stop(5)
    await work.release()
    await stores.close()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), sys.argv[2]))
