"""Processor time of a durable unit of four statements, beside the same on raw sqlite3; and of
units and reactions that wait together, beside the same one by one."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop

from benchmarks.fixture.api import EntryAdded
from benchmarks.fixture.models import CounterRow, EntryRow, NoteRow
from benchmarks.measuring import in_turn
from benchmarks.registry import Figure, at_most
from benchmarks.yardstick import yardstick
from colonnade.clock import SystemClock
from colonnade.context import Context, Principal, use_context
from colonnade.events import reactions_of, reacts_to
from colonnade.identifiers import new_id
from colonnade.services import StoreNeed
from colonnade.store import Session
from colonnade_runtime.adapters.store.sqlite import SqliteStores
from colonnade_runtime.background.events.reaction import Reaction, first_claim

TENANT = "acme"
COUNTER = UUID(int=1)
UNITS = 160
TOGETHER = 16
REACTIONS = 20
TABLES = """
CREATE TABLE counters (id CHAR(32) PRIMARY KEY, value BIGINT NOT NULL);
CREATE TABLE entries (id CHAR(32) PRIMARY KEY, title TEXT NOT NULL, amount BIGINT NOT NULL);
CREATE TABLE notes (id CHAR(32) PRIMARY KEY, entry_id CHAR(32) NOT NULL, text TEXT NOT NULL);
"""


def measure() -> Iterator[Figure]:
    """Both write to files on the same disk, in turn, one transaction at a time."""
    with tempfile.TemporaryDirectory() as folder:
        found = uvloop.run(_measured(Path(folder)))
    raw, rows, y = found["raw"], found["rows"], found["yardstick"]
    yield at_most(
        f"{TOGETHER} units that queue on one file / one by one, processor time",
        0.35,
        found["queued"] / rows,
        "",
        f"{found['queued'] * 1e6:.0f} and {rows * 1e6:.0f} µs each",
    )
    yield at_most(
        f"{REACTIONS} reactions that wait together / one by one, processor time",
        0.25,
        found["reactions"] / found["one reaction"],
        "",
        f"{found['reactions'] * 1e6:.0f} and {found['one reaction'] * 1e6:.0f} µs each",
    )
    yield at_most(
        "four-statement unit of work, processor time beyond raw sqlite3 / Y",
        0.08,
        (rows - raw) / y,
        "Y",
        f"{rows * 1e6:.0f} and {raw * 1e6:.0f} µs, Y {y * 1e3:.2f} ms",
    )


async def _measured(folder: Path) -> dict[str, float]:
    stores = SqliteStores(folder / "data", SystemClock(), lambda tenant: True)
    need = StoreNeed("benchmarks.fixture.migrations", "benchmarks.fixture.models")
    store = stores.store("bench", need, invalidation=lambda tenant, changed: None)
    raw = _raw_connection(folder / "raw.db")
    loop = asyncio.get_running_loop()
    with use_context(Context(TENANT, Principal.service("bench"), time.time() + 600, "bench")):
        await store.run(lambda session: session.add(CounterRow(id=COUNTER, value=0)))

        async def run() -> float:
            started = time.process_time()
            for _ in range(UNITS):
                await store.run(_unit)
            return (time.process_time() - started) / UNITS

        async def queue() -> float:
            started = time.process_time()
            for _ in range(UNITS // TOGETHER):
                await asyncio.gather(*(store.run(_unit) for _ in range(TOGETHER)))
            return (time.process_time() - started) / UNITS

        async def react(together: int) -> float:
            started = time.process_time()
            for _ in range(UNITS // together):
                await asyncio.gather(*(_react(reaction) for _ in range(together)))
            return (time.process_time() - started) / (UNITS // together * together)

        def timed(measured: Callable[[], Coroutine[Any, Any, float]]) -> Callable[[], float]:
            return lambda: asyncio.run_coroutine_threadsafe(measured(), loop).result()

        [bound] = reactions_of([_Notes()])
        reaction = Reaction("bench:Notes.note", bound, store)
        candidates = {
            "raw": lambda: _raw_seconds(raw),
            "rows": timed(run),
            "queued": timed(queue),
            "reactions": timed(lambda: react(REACTIONS)),
            "one reaction": timed(lambda: react(1)),
            "yardstick": yardstick,
        }
        for candidate in candidates.values():
            await asyncio.to_thread(candidate)
        found = await asyncio.to_thread(in_turn, candidates)
    await stores.close()
    raw.close()
    return found


def _unit(session: Session) -> None:
    """SELECT, UPDATE, INSERT, INSERT, the way a service writes them."""
    counter = session.get_one(CounterRow, COUNTER)
    counter.value += 1
    entry = EntryRow(id=new_id(), title="An entry", amount=counter.value)
    session.add(entry)
    session.add(NoteRow(id=new_id(), entry_id=entry.id, text="A note"))


class _Notes:
    @reacts_to(EntryAdded)
    def note(self, session: Session, added: EntryAdded) -> None:
        session.add(NoteRow(id=new_id(), entry_id=added.entry_id, text="seen"))


async def _react(reaction: Reaction) -> None:
    event = new_id()
    claim = first_claim(reaction.consumer, event)
    await reaction.run(EntryAdded(entry_id=event), event, claim)


def _raw_connection(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.executescript(TABLES)
    connection.execute("INSERT INTO counters VALUES (?, 0)", (COUNTER.hex,))
    return connection


def _raw_seconds(connection: sqlite3.Connection) -> float:
    started = time.process_time()
    for _ in range(UNITS):
        connection.execute("BEGIN IMMEDIATE")
        [value] = connection.execute(
            "SELECT value FROM counters WHERE id = ?", (COUNTER.hex,)
        ).fetchone()
        change = (value + 1, COUNTER.hex)
        connection.execute("UPDATE counters SET value = ? WHERE id = ?", change)
        entry = new_id().hex
        connection.execute("INSERT INTO entries VALUES (?, ?, ?)", (entry, "An entry", value + 1))
        connection.execute("INSERT INTO notes VALUES (?, ?, ?)", (new_id().hex, entry, "A note"))
        connection.execute("COMMIT")
    return (time.process_time() - started) / UNITS
