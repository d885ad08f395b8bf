"""Stores are brought up to date before anybody uses them, and made when an academy is declared."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from store_harness import NEED, SqliteHarness, acting_in, eventually, sqlite_harness

from colonnade.clock import SystemClock
from colonnade.services import StoreNeed
from colonnade_runtime.adapters.store.sqlite import SqliteStore
from colonnade_runtime.assembly.background import ProcessBackground
from colonnade_runtime.assembly.schemas import StoreSchemas
from colonnade_runtime.calls.tenant_states import TenantState
from colonnade_runtime.observability.faults import FaultRegistry

MIGRATION = """
import sqlalchemy as sa
def upgrade(op):
    op.add_column("books", sa.Column("author", sa.Text()), schema="tenant")
"""
FOR_ONE_ACADEMY = """
from sqlalchemy import text
def upgrade(op):
    titles = op.get_bind().execute(text("SELECT title FROM books")).scalars().all()
    if "odd" in titles:
        raise RuntimeError("an odd book")
"""
TENANTS = ("acme", "globex", "initech")


class Declared:
    """A directory of tenants that changes as a test wants."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.suspended: set[str] = set()

    def ids(self) -> list[str]:
        return self.names

    def standing(self, tenant: str, service: str) -> TenantState:
        return TenantState.SUSPENDED if tenant in self.suspended else TenantState.ACTIVE


def schemas(store: SqliteStore, declared: Any) -> StoreSchemas:
    made = StoreSchemas(declared, ProcessBackground(), SystemClock(), structlog.get_logger())
    made.add("shelf", store)
    return made


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StoreNeed:
    """The shelf in its next release, whose migration fails for one academy."""
    import shelf

    first = Path(shelf.__path__[0], "migrations", "v0001_initial.py").read_text()
    folder = tmp_path / "packages" / "next_shelf"
    folder.mkdir(parents=True)
    monkeypatch.syspath_prepend(str(folder.parent))
    (folder / "__init__.py").write_text("")
    (folder / "v0001_initial.py").write_text(first)
    (folder / "v0002_author.py").write_text(MIGRATION)
    (folder / "v0003_odd.py").write_text(FOR_ONE_ACADEMY)
    return StoreNeed("next_shelf", NEED.models)


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """Three academies with stores of the first release; initech has an odd book."""
    from shelf.models import Book

    async with sqlite_harness(tmp_path / "data", tenants=TENANTS) as harness:
        store = harness.store()
        for tenant in TENANTS:
            title = "odd" if tenant == "initech" else "usual"
            with acting_in(tenant):
                await store.run(lambda session, title=title: session.add(Book(title=title)))
    return tmp_path / "data"


@pytest.fixture
async def harness(folder: Path) -> AsyncIterator[SqliteHarness]:
    faults = FaultRegistry(structlog.get_logger())
    async with sqlite_harness(folder, tenants=TENANTS, faults=faults.of) as made:
        made.faults = faults  # type: ignore[attr-defined]
        yield made


def version_of(folder: Path, tenant: str) -> str:
    raw = sqlite3.connect(folder / tenant / "shelf.sqlite3")
    facts = dict(raw.execute("SELECT name, value FROM colonnade_meta"))
    raw.close()
    return facts["service_version"]


def titles_seen_elsewhere(file: Path) -> list[str]:
    """Titles that another process reads, which then closes the file."""
    program = (
        "import json, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1])\n"
        "print(json.dumps([row[0] for row in connection.execute('SELECT title FROM books')]))\n"
        "connection.close()"
    )
    command = [sys.executable, "-c", program, str(file)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=30)
    found: list[str] = json.loads(done.stdout)
    return found


async def test_a_start_migrates_every_academy_and_a_failure_degrades_its_own_alone(
    harness: SqliteHarness, folder: Path, newer: StoreNeed
) -> None:
    store = harness.store(need=newer)
    await schemas(store, Declared(*TENANTS)).migrate()
    assert [version_of(folder, name) for name in TENANTS] == ["3", "3", "2"]
    [fault] = harness.faults.all()  # type: ignore[attr-defined]
    assert (fault.kind, fault.tenant) == ("migration_failed", "initech")
    assert "an odd book" in fault.sentence
    await harness.stores.open_files.close()
    assert await store.outdated(TENANTS) == (["initech"], [])


async def test_a_start_with_nothing_to_do_opens_no_store(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sqlite_harness(folder, tenants=TENANTS) as harness:
        store = harness.store()
        await schemas(store, Declared(*TENANTS)).migrate()
        assert len(harness.stores.open_files) == 0


async def test_looking_at_files_leaves_those_that_are_in_use_their_locks(folder: Path) -> None:
    """A process that closes a file takes its write-ahead log away where those locks are gone."""
    from shelf.models import Book

    async with sqlite_harness(folder, tenants=TENANTS) as harness:
        store = harness.store()
        for title in ("before", "after"):
            with acting_in("acme"):
                await store.run(lambda session, title=title: session.add(Book(title=title)))
            assert await store.outdated(TENANTS) == ([], [])
            found = await asyncio.to_thread(titles_seen_elsewhere, folder / "acme/shelf.sqlite3")
            assert title in found
        assert set(found) == {"usual", "before", "after"}


async def test_a_file_of_a_release_that_stamped_none_is_looked_at_once(folder: Path) -> None:
    for tenant in TENANTS:
        raw = sqlite3.connect(folder / tenant / "shelf.sqlite3")
        raw.execute("PRAGMA user_version=0")
        raw.close()
    for expected in (3, 0):
        async with sqlite_harness(folder, tenants=TENANTS) as harness:
            store = harness.store()
            outdated, _ = await store.outdated(TENANTS)
            assert len(outdated) == expected
            await schemas(store, Declared(*TENANTS)).migrate()


async def test_the_store_of_a_new_academy_is_made_when_it_is_declared(tmp_path: Path) -> None:
    async with sqlite_harness(tmp_path, tenants=TENANTS) as harness:
        declared = Declared("acme")
        sweep = schemas(harness.store(), declared)
        sweep.make_new()
        await eventually((tmp_path / "acme" / "shelf.sqlite3").exists)
        declared.names += ["globex", "initech"]
        declared.suspended.add("initech")
        sweep.make_new()
        await eventually((tmp_path / "globex" / "shelf.sqlite3").exists)
        assert sweep.making is not None
        await sweep.making
        assert not (tmp_path / "initech").exists()
        await sweep.stop()


async def test_a_store_that_has_gone_is_a_fault_before_anybody_asks_for_it(
    harness: SqliteHarness, folder: Path
) -> None:
    (folder / "acme" / "shelf.sqlite3").unlink()
    sweep = schemas(harness.store(), Declared(*TENANTS))
    sweep.make_new()
    assert sweep.making is not None
    await sweep.making
    [fault] = harness.faults.all()  # type: ignore[attr-defined]
    assert (fault.kind, fault.tenant) == ("store_missing", "acme")
