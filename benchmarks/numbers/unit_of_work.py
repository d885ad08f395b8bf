"""A durable unit of work of four statements, beside the same statements on raw sqlite3."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop
from sqlalchemy import bindparam, insert, select, update

from benchmarks.fixture.models import CounterRow, EntryRow, NoteRow
from benchmarks.measuring import in_turn
from benchmarks.registry import Figure, at_least
from colonnade.clock import SystemClock
from colonnade.context import Context, Principal, use_context
from colonnade.identifiers import new_id
from colonnade.services import StoreNeed
from colonnade.store import Session
from colonnade.tables import table_of
from colonnade_runtime.adapters.store.sqlite import SqliteStores

TENANT = "acme"
COUNTER = UUID(int=1)
UNITS = 150
TABLES = """
CREATE TABLE counters (id CHAR(32) PRIMARY KEY, value BIGINT NOT NULL);
CREATE TABLE entries (id CHAR(32) PRIMARY KEY, title TEXT NOT NULL, amount BIGINT NOT NULL);
CREATE TABLE notes (id CHAR(32) PRIMARY KEY, entry_id CHAR(32) NOT NULL, text TEXT NOT NULL);
"""


def measure() -> Iterator[Figure]:
    """Both write to files on the same disk, in turn, one transaction at a time."""
    with tempfile.TemporaryDirectory() as folder:
        rates = uvloop.run(_rates(Path(folder)))
    raw = rates["raw"]
    beside = f"{rates['objects']:.0f} and {raw:.0f} per second"
    what = "four-statement durable unit of work / raw sqlite3"
    yield at_least(f"{what}, with ORM objects", 0.3, rates["objects"] / raw, beside)
    yield at_least(f"{what}, with prepared statements", 0.3, rates["prepared"] / raw)


async def _rates(folder: Path) -> dict[str, float]:
    stores = SqliteStores(folder / "data", SystemClock(), lambda tenant: True)
    need = StoreNeed("benchmarks.fixture.migrations", "benchmarks.fixture.models")
    store = stores.store("bench", need, invalidation=lambda tenant, changed: None)
    raw = _raw_connection(folder / "raw.db")
    loop = asyncio.get_running_loop()
    with use_context(Context(TENANT, Principal.service("bench"), time.time() + 600, "bench")):
        await store.run(lambda session: session.add(CounterRow(id=COUNTER, value=0)))

        async def run(work: Callable[[Session], Any]) -> float:
            started = time.perf_counter()
            for _ in range(UNITS):
                await store.run(work)
            return UNITS / (time.perf_counter() - started)

        def on_loop(work: Callable[[Session], Any]) -> float:
            return asyncio.run_coroutine_threadsafe(run(work), loop).result()

        candidates = {
            "raw": lambda: _raw_rate(raw),
            "objects": lambda: on_loop(_objects),
            "prepared": lambda: on_loop(_prepared),
        }
        for candidate in candidates.values():
            await asyncio.to_thread(candidate)
        rates = await asyncio.to_thread(in_turn, candidates)
    await stores.close()
    raw.close()
    return rates


def _objects(session: Session) -> None:
    """SELECT, UPDATE, INSERT, INSERT, the way a service writes them."""
    counter = session.get_one(CounterRow, COUNTER)
    counter.value += 1
    entry = EntryRow(id=new_id(), title="An entry", amount=counter.value)
    session.add(entry)
    session.add(NoteRow(id=new_id(), entry_id=entry.id, text="A note"))


_COUNTERS = table_of(CounterRow)
_SELECT = select(_COUNTERS.c.value).where(_COUNTERS.c.id == bindparam("key"))
_UPDATE = update(_COUNTERS).where(_COUNTERS.c.id == bindparam("key")).values(value=bindparam("new"))
_INSERT_ENTRY = insert(table_of(EntryRow))
_INSERT_NOTE = insert(table_of(NoteRow))


def _prepared(session: Session) -> None:
    """The same, with statements on tables that are built once."""
    value = session.execute(_SELECT, {"key": COUNTER}).scalar_one() + 1
    session.execute(_UPDATE, {"key": COUNTER, "new": value})
    entry_id = new_id()
    entry = {"id": entry_id, "title": "An entry", "amount": value}
    session.execute(_INSERT_ENTRY, entry)
    session.execute(_INSERT_NOTE, {"id": new_id(), "entry_id": entry_id, "text": "A note"})


def _raw_connection(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.executescript(TABLES)
    connection.execute("INSERT INTO counters VALUES (?, 0)", (COUNTER.hex,))
    return connection


def _raw_rate(connection: sqlite3.Connection) -> float:
    started = time.perf_counter()
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
    return UNITS / (time.perf_counter() - started)
