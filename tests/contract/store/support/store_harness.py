"""A store with tenants, for the tests of every adapter."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from colonnade.clock import SystemClock
from colonnade.context import Context, Principal, use_context
from colonnade.rows.row_tracking import RowSet
from colonnade.services import StoreNeed
from colonnade.store import Session
from colonnade_runtime.adapters.store.sqlite import SqliteStore, SqliteStores

NEED = StoreNeed(migrations="shelf.migrations", models="shelf.models")
TENANTS = ("acme", "globex")
LIMIT = 20.0
"""Seconds after which a test that waits has failed."""


@contextmanager
def acting_in(tenant: str, *, seconds: float = 30.0) -> Iterator[Context]:
    """Enter a call of `tenant` for the block."""
    context = Context(tenant, Principal.anonymous(), time.time() + seconds, "request-1")
    with use_context(context):
        yield context


async def eventually(condition: Callable[[], Any]) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(LIMIT):
        while not condition():
            await asyncio.sleep(0.002)


@dataclass
class Watcher:
    """Remembers what a store tells the outside after commits."""

    changes: list[tuple[str, RowSet]] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    guarded: list[Session] = field(default_factory=list)
    refuse: Exception | None = None

    def guard(self, session: Session) -> None:
        self.guarded.append(session)
        if self.refuse is not None:
            raise self.refuse

    def invalidate(self, tenant: str, changed: RowSet) -> None:
        self.changes.append((tenant, changed))

    @property
    def last_change(self) -> RowSet:
        return self.changes[-1][1]


class SqliteHarness:
    """Stores in a folder, made with the arguments a runtime would give."""

    def __init__(self, folder: Path, *, tenants: tuple[str, ...] = TENANTS, **options: Any) -> None:
        self.folder = folder
        self.tenants = set(tenants)
        self.watcher = Watcher()
        self.stores = SqliteStores(
            folder, SystemClock(), lambda tenant: tenant in self.tenants, **options
        )

    def store(self, service: str = "shelf", need: StoreNeed = NEED, **options: Any) -> SqliteStore:
        watcher = self.watcher
        return self.stores.store(
            service,
            need,
            guard=watcher.guard,
            invalidation=watcher.invalidate,
            on_published=lambda tenant, left: watcher.published.append(tenant),
            **options,
        )

    async def close(self) -> None:
        await self.stores.close()


@asynccontextmanager
async def sqlite_harness(folder: Path, **options: Any) -> AsyncIterator[SqliteHarness]:
    """A harness that is closed after the block."""
    harness = SqliteHarness(folder, **options)
    try:
        yield harness
    finally:
        await harness.close()
