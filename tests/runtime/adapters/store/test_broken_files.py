"""Files that break while the platform runs: reported once, kept from clients, used again by
themselves when they work."""

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from sqlalchemy import func, select
from store_harness import SqliteHarness, acting_in, eventually, sqlite_harness

from colonnade.errors import ErrorRecord, Unavailable
from colonnade_runtime.adapters.store.sqlite.repair import broken_files
from colonnade_runtime.observability.faults import FaultRegistry


@pytest.fixture
def faults() -> FaultRegistry:
    return FaultRegistry(structlog.get_logger())


@pytest.fixture
async def harness(
    tmp_path: Path, faults: FaultRegistry, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[SqliteHarness]:
    monkeypatch.setattr(broken_files, "LOOK_SECONDS", 0.02)
    async with sqlite_harness(tmp_path / "data", faults=faults.of) as made:
        yield made


def file_of(harness: SqliteHarness, tenant: str = "acme") -> Path:
    return harness.folder / tenant / "shelf.sqlite3"


def open_kinds(faults: FaultRegistry) -> list[tuple[str, str]]:
    return [(fault.kind, fault.tenant) for fault in faults.all()]


def add(title: str, size: int = 1):  # type: ignore[no-untyped-def]
    from shelf.models import Book

    return lambda session: session.add(Book(title=title * size))


def count(session):  # type: ignore[no-untyped-def]
    from shelf.models import Book

    return session.scalar(select(func.count()).select_from(Book))


def is_neutral(error: Unavailable) -> bool:
    """Tell whether a client reads nothing of a file, a folder or the machine."""
    record = ErrorRecord.of(error)
    said = f"{record.message} {record.details} {record.fields}"
    return record.code == "unavailable" and not any(
        word in said for word in ("sqlite", "acme", "shelf", "/", "_control")
    )


def not_a_database(path: Path) -> None:
    path.write_bytes(b"this is not a database" * 1000)


def truncated(path: Path) -> None:
    os.truncate(path, 5000)


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def gone(path: Path) -> None:
    path.unlink()


def newer(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE colonnade_meta SET value = '7' WHERE name = 'service_version'")
    raw.close()


def nonsense_in_its_facts(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE colonnade_meta SET value = 'x' WHERE name = 'service_version'")
    raw.close()


def a_schema_that_cannot_be_migrated(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE colonnade_meta SET value = '0' WHERE name = 'service_version'")
    raw.close()


BREAKAGES: dict[str, Callable[[Path], None]] = {
    "store_damaged": not_a_database,
    "store_damaged (truncated)": truncated,
    "store_damaged (zeroed)": zeroed,
    "store_unusable": a_folder,
    "store_missing": gone,
    "store_newer": newer,
    "migration_failed": nonsense_in_its_facts,
    "migration_failed (again)": a_schema_that_cannot_be_migrated,
}


@pytest.mark.parametrize("name", BREAKAGES)
async def test_a_broken_file_is_a_fault_and_is_used_again_once_it_is_mended(
    harness: SqliteHarness, faults: FaultRegistry, name: str
) -> None:
    store = harness.store()
    path = file_of(harness)
    for tenant in ("acme", "globex"):
        with acting_in(tenant):
            await store.run(add("a", 3_000))
    await harness.stores.open_files.close()
    whole = path.read_bytes()
    BREAKAGES[name](path)
    for _ in range(2):
        with acting_in("acme"), pytest.raises(Unavailable) as raised:
            await store.run(add("b"))
        assert is_neutral(raised.value)
        with acting_in("acme"), pytest.raises(Unavailable) as raised:
            await store.read(count)
        assert is_neutral(raised.value)
    assert open_kinds(faults) == [(name.partition(" ")[0], "acme")]
    [fault] = faults.all()
    assert "acme/shelf.sqlite3" in fault.sentence
    assert fault.mend
    with acting_in("globex"):
        assert await store.read(count) == 1

    if path.is_dir():
        path.rmdir()
    restored = path.with_name("restored")
    restored.write_bytes(whole)
    restored.rename(path)
    await eventually(lambda: not faults.all())
    with acting_in("acme"):
        await store.run(add("b"))
        assert await store.read(count) == 2


async def test_a_file_damaged_while_it_is_open_is_one_fault_until_all_of_it_can_be_read(
    harness: SqliteHarness, faults: FaultRegistry
) -> None:
    store = harness.store()
    path = file_of(harness)
    with acting_in("acme"):
        await store.run(add("a", 50_000))
    await harness.stores.open_files.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: -4096 * 4] + b"\xff" * 4096 * 4)
    with acting_in("acme"):
        with pytest.raises(Unavailable):
            await store.read(lambda session: session.scalars(select(book_of().title)))
        # Other pages are well, and that mends nothing.
        await store.prepare()
    for _ in range(5):
        await store.condition.look()
    assert open_kinds(faults) == [("store_damaged", "acme")]


def book_of():  # type: ignore[no-untyped-def]
    from shelf.models import Book

    return Book


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
async def test_a_full_disk_is_one_fault_for_all_academies(
    tmp_path: Path, faults: FaultRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broken_files, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(broken_files, "STEADY_SECONDS", 0.2)
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine does not let root mount a tmpfs")
    try:
        async with sqlite_harness(disk / "data", faults=faults.of) as harness:
            store = harness.store()
            for tenant in ("acme", "globex"):
                with acting_in(tenant):
                    await store.run(add("a"))
            ballast = disk / "ballast"
            fill(ballast)
            for tenant in ("acme", "globex"):
                with acting_in(tenant), pytest.raises(Unavailable) as raised:
                    await store.run(add("b", 150_000))
                assert is_neutral(raised.value)
            assert open_kinds(faults) == [("disk_full", "")]
            since = faults.all()[0].since
            # Room for a small row is no room: large ones fail, and the fault stays the same one.
            os.truncate(ballast, ballast.stat().st_size - 40_960)
            for _ in range(5):
                with acting_in("acme"):
                    with pytest.raises(Unavailable):
                        await store.run(add("b", 150_000))
                    await store.run(add("c"))
                await asyncio.sleep(0.1)
                await store.condition.look()
                assert [fault.since for fault in faults.all()] == [since]
            ballast.unlink()
            await eventually(lambda: not faults.all())
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return


READ_ONLY = """
import asyncio, ctypes, os, sys
from pathlib import Path

if os.geteuid() == 0:
    # capset(2), version 3: root without capabilities is an account like any other.
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, none) != 0:
        raise SystemExit(os.strerror(ctypes.get_errno()))
sys.path.insert(0, {support!r})
from store_harness import acting_in, eventually, sqlite_harness
from sqlalchemy import func, select
from colonnade.errors import Unavailable
from colonnade_runtime.adapters.store.sqlite.repair import broken_files
from colonnade_runtime.observability.faults import FaultRegistry
import structlog

broken_files.LOOK_SECONDS = 0.02
folder = Path({folder!r})

async def main():
    from shelf.models import Book
    faults = FaultRegistry(structlog.get_logger())
    async with sqlite_harness(folder, faults=faults.of) as harness:
        store = harness.store()
        with acting_in("acme"):
            await store.run(lambda session: session.add(Book(title="a")))
            await harness.stores.open_files.close()
            await harness.stores.control("shelf").close()
            place = folder / "acme"
            for path in [*place.iterdir(), place]:
                path.chmod(path.stat().st_mode & ~0o222)
            for _ in range(2):
                try:
                    await store.run(lambda session: session.add(Book(title="b")))
                except Unavailable:
                    pass
                else:
                    raise SystemExit("it could be written")
            print(sorted(fault.kind for fault in faults.all()))
            for path in [place, *place.iterdir()]:
                path.chmod(path.stat().st_mode | 0o200)
            await eventually(lambda: not faults.all())
            await store.run(lambda session: session.add(Book(title="b")))
            print(await store.read(lambda session: session.scalar(
                select(func.count(Book.id))
            )))

asyncio.run(main())
"""


def test_a_file_that_was_read_only_for_a_while_is_written_again(tmp_path: Path) -> None:
    """Run in a process for which permissions count, whoever runs the tests."""
    support = Path(__file__).parents[3] / "contract" / "store" / "support"
    program = READ_ONLY.format(support=str(support), folder=str(tmp_path / "data"))
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert "['store_unusable']" in lines
    assert lines[-1] == "2"


async def test_a_damaged_control_store_is_a_fault_of_its_own(
    harness: SqliteHarness, faults: FaultRegistry
) -> None:
    path = harness.folder / "_control" / "shelf.sqlite3"
    path.parent.mkdir(parents=True)
    not_a_database(path)
    with pytest.raises(Unavailable) as raised:
        await harness.stores.control("shelf").tenants_with_work()
    assert is_neutral(raised.value)
    assert open_kinds(faults) == [("control_store_damaged", "")]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process holds the file's write lock."""
    locker = sqlite3.connect(path, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        locker.close()


class TestDeadlines:
    async def test_a_write_that_waits_for_another_process_gives_up_at_its_deadline(
        self, harness: SqliteHarness, faults: FaultRegistry
    ) -> None:
        store = harness.store()
        with acting_in("acme"):
            await store.run(add("a"))
        with locked(file_of(harness)):
            began = time.monotonic()
            with acting_in("acme", seconds=0.4), pytest.raises(Unavailable) as raised:
                await store.run(add("b"))
            assert time.monotonic() - began < 0.4
            assert is_neutral(raised.value)
        with acting_in("acme"):
            await store.run(add("c"))
            assert await store.read(count) == 2
        await eventually(lambda: not faults.all())

    async def test_a_lock_of_another_process_that_holds_up_writes_is_a_fault_until_it_is_gone(
        self, harness: SqliteHarness, faults: FaultRegistry
    ) -> None:
        store = harness.store()
        with acting_in("acme"):
            await store.run(add("a"))
        with locked(file_of(harness)):
            with acting_in("acme", seconds=0.3), pytest.raises(Unavailable):
                await store.run(add("b"))
            await eventually(lambda: open_kinds(faults) == [("store_locked", "acme")])
        await eventually(lambda: not faults.all())

    async def test_those_behind_a_write_that_waits_give_up_at_their_deadline_too(
        self, harness: SqliteHarness
    ) -> None:
        store = harness.store()
        with acting_in("acme"):
            await store.run(add("a"))
        with locked(file_of(harness)):
            began = time.monotonic()
            with acting_in("acme", seconds=0.3):
                writes = [asyncio.create_task(store.run(add("b"))) for _ in range(20)]
            ended = await asyncio.gather(*writes, return_exceptions=True)
            assert time.monotonic() - began < 0.5
        assert {type(error).code for error in ended if isinstance(error, Unavailable)} == {
            "unavailable"
        }
        assert all(isinstance(error, Unavailable) for error in ended)
        with acting_in("acme"):
            assert await store.read(count) == 1

    async def test_work_that_is_late_does_not_commit_behind_the_back_of_who_gave_up(
        self, harness: SqliteHarness
    ) -> None:
        store = harness.store()
        with acting_in("acme"):
            await store.run(add("a"))

        def slow(session):  # type: ignore[no-untyped-def]
            add("b")(session)
            time.sleep(0.4)

        with acting_in("acme", seconds=0.2), pytest.raises(Unavailable):
            await store.run(slow)
        with acting_in("acme"):
            await store.run(add("c"))
            assert await store.read(count) == 2
