"""Many tenants, few open files, calls that fail and callers that leave, in a seeded order."""

import asyncio
import random
from collections import Counter as Tally
from pathlib import Path

import pytest
from shelf.api import BookAdded
from shelf.models import Book
from sqlalchemy import func, select
from store_harness import LIMIT, SqliteHarness, acting_in, sqlite_harness

from colonnade.store import Session
from colonnade_runtime.adapters.store.sqlite import SqliteStore

TENANTS = tuple(f"tenant-{number}" for number in range(8))
CALLS = 150


def count(session: Session) -> int:
    return session.scalar(select(func.count(Book.id))) or 0


class Soak:
    """Calls in an order that a seed decides; `done` counts the writes that were acknowledged."""

    def __init__(self, harness: SqliteHarness, random_source: random.Random) -> None:
        self.random = random_source
        self.stores = [harness.store(name) for name in ("user", "course")]
        self.done: Tally[tuple[str, str]] = Tally()

    async def run(self) -> list[object]:
        tasks: list[asyncio.Task[None]] = []
        for _ in range(CALLS):
            tasks.append(asyncio.create_task(self._call()))
            if self.random.random() < 0.3:
                await asyncio.sleep(0)
            if self.random.random() < 0.3:
                self.random.choice(tasks).cancel()
        async with asyncio.timeout(LIMIT):
            return list(await asyncio.gather(*tasks, return_exceptions=True))

    async def _call(self) -> None:
        store, tenant = self.random.choice(self.stores), self.random.choice(TENANTS)
        with acting_in(tenant):
            if self.random.random() < 0.4:
                await store.read(count)
                return
            await store.run(self._add)
        self.done[store.service, tenant] += 1

    def _add(self, session: Session) -> None:
        if self.random.random() < 0.1:
            raise LookupError
        book = Book(title="a")
        session.add(book)
        session.flush()
        session.publish(BookAdded(book_id=book.id))


async def rows(store: SqliteStore, tenant: str) -> int:
    with acting_in(tenant):
        return await store.read(count)


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_acknowledged_is_lost_and_nothing_committed_goes_untold(
    tmp_path: Path, seed: int
) -> None:
    source = random.Random(seed)
    async with sqlite_harness(
        tmp_path, tenants=TENANTS, maximum_open=source.choice([1, 2, 5])
    ) as harness:
        soak = Soak(harness, source)
        outcomes = await soak.run()
        allowed = (asyncio.CancelledError, LookupError, type(None))
        assert [outcome for outcome in outcomes if not isinstance(outcome, allowed)] == []
        total = 0
        for store in soak.stores:
            for tenant in TENANTS:
                found = await rows(store, tenant)
                assert found >= soak.done[store.service, tenant]
                total += found
        assert len(harness.watcher.changes) == total
        await harness.stores.open_files.settled()
        assert len(harness.stores.open_files) <= 5
