"""Failures that only files have: disks, permissions, damage, descriptors, other processes."""

import asyncio
import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from shelf.models import Book, Chapter
from sqlalchemy import func, select, text
from store_harness import SqliteHarness, acting_in, sqlite_harness

from colonnade.errors import Unavailable
from colonnade.identifiers import new_id
from colonnade.rows import ConstraintViolated
from colonnade.store import Session
from colonnade_runtime.adapters.store.sqlite.files import connections


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[SqliteHarness]:
    async with sqlite_harness(tmp_path / "data") as found:
        yield found


def add_books(*titles: str, size: int = 0):  # type: ignore[no-untyped-def]
    def work(session: Session) -> None:
        for title in titles:
            session.add(Book(title=title + "x" * size))

    return work


def count(session: Session) -> int:
    return session.scalar(select(func.count(Book.id))) or 0


@contextmanager
def file_size_limit(limit: int) -> Iterator[None]:
    """Files of this process cannot grow beyond `limit` bytes within the block."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)


def open_descriptors(folder: Path) -> int:
    found = 0
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found += os.readlink(entry).startswith(f"{folder}/")
    return found


async def test_a_commit_that_the_database_refuses_leaves_the_store_usable(
    harness: SqliteHarness,
) -> None:
    def orphan(session: Session) -> None:
        session.execute(text("PRAGMA defer_foreign_keys=ON"))
        session.add(Chapter(book_id=new_id(), title="Of no book"))

    store = harness.store()
    with acting_in("acme"):
        with pytest.raises(ConstraintViolated):
            await store.run(orphan)
        await store.run(add_books("a"))
        assert await store.read(count) == 1


class TestPlaces:
    async def test_one_file_per_tenant_and_service_that_only_this_account_reads(
        self, harness: SqliteHarness
    ) -> None:
        with acting_in("acme"):
            await harness.store().run(add_books("a"))
        file = harness.folder / "acme" / "shelf.sqlite3"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(harness.folder.stat().st_mode) == 0o700

    async def test_the_connections_are_durable_and_distrust_the_file(
        self, harness: SqliteHarness
    ) -> None:
        wanted = {
            "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "trusted_schema": 0,
        }  # fmt: skip

        def pragmas(session: Session) -> dict[str, object]:
            return {name: session.scalar(text(f"PRAGMA {name}")) for name in wanted}

        with acting_in("acme"):
            assert await harness.store().run(pragmas) == wanted
            assert await harness.store().read(pragmas) == wanted

    @pytest.mark.parametrize("method", ["run", "read"])
    async def test_no_statement_reaches_another_tenants_file(
        self, harness: SqliteHarness, method: str
    ) -> None:
        store = harness.store()
        with acting_in("globex"):
            await store.run(add_books("theirs"))
        attach = text(f"ATTACH '{harness.folder}/globex/shelf.sqlite3' AS other")
        with acting_in("acme"), pytest.raises(Exception, match="too many attached databases"):
            await getattr(store, method)(lambda session: session.execute(attach) and None)


class TestDescriptors:
    async def test_no_more_files_than_allowed_stay_open(self, tmp_path: Path) -> None:
        tenants = tuple(f"tenant-{number}" for number in range(12))
        async with sqlite_harness(tmp_path, tenants=tenants, maximum_open=3) as harness:
            store = harness.store()
            for tenant in tenants:
                with acting_in(tenant):
                    await store.run(add_books("a"))
            await harness.stores.open_files.settled()
            assert len(harness.stores.open_files) == 3
            tenant_files = [tmp_path / tenant for tenant in tenants]
            assert sum(open_descriptors(folder) for folder in tenant_files) <= 3 * 5
        assert open_descriptors(tmp_path) == 0

    async def test_a_tenant_that_was_only_read_holds_three_descriptors(
        self, harness: SqliteHarness
    ) -> None:
        store = harness.store()
        with acting_in("acme"):
            await store.run(add_books("a"))
        await harness.stores.open_files.close()
        with acting_in("acme"):
            assert await store.read(count) == 1
        assert open_descriptors(harness.folder / "acme") == 3

    async def test_a_closed_tenant_is_opened_again_with_all_it_had(self, tmp_path: Path) -> None:
        tenants = tuple(f"tenant-{number}" for number in range(6))
        async with sqlite_harness(tmp_path, tenants=tenants, maximum_open=1) as harness:
            store = harness.store()

            async def work(tenant: str) -> None:
                with acting_in(tenant):
                    await store.run(add_books("a"))
                    await store.read(count)

            await asyncio.gather(*(work(tenant) for tenant in tenants for _ in range(5)))
            for tenant in tenants:
                with acting_in(tenant):
                    assert await store.read(count) == 5

    async def test_a_file_in_use_is_not_closed(self, tmp_path: Path) -> None:
        async with sqlite_harness(tmp_path, maximum_open=1) as harness:
            store = harness.store()
            with acting_in("acme"):
                writes = [asyncio.create_task(store.run(add_books("a"))) for _ in range(5)]
            with acting_in("globex"):
                writes += [asyncio.create_task(store.run(add_books("a"))) for _ in range(5)]
            await asyncio.gather(*writes)
            for tenant in ("acme", "globex"):
                with acting_in(tenant):
                    assert await store.read(count) == 5


class TestDamage:
    async def test_a_file_that_is_no_database_is_unavailable_and_named(
        self, harness: SqliteHarness
    ) -> None:
        path = harness.folder / "acme" / "shelf.sqlite3"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"this is not a database" * 100)
        before = path.read_bytes()
        with acting_in("acme"), pytest.raises(Unavailable, match=r"acme/shelf\.sqlite3 is damaged"):
            await harness.store().read(count)
        assert path.read_bytes() == before

    async def test_a_page_damaged_under_way_is_unavailable_and_does_not_spread(
        self, harness: SqliteHarness
    ) -> None:
        store = harness.store()
        for tenant in ("acme", "globex"):
            with acting_in(tenant):
                await store.run(add_books(*("abc"), size=20_000))
        await harness.stores.open_files.close()
        path = harness.folder / "acme" / "shelf.sqlite3"
        content = bytearray(path.read_bytes())
        content[4096 * 3 :] = b"\xff" * (len(content) - 4096 * 3)
        path.write_bytes(content)
        with acting_in("acme"), pytest.raises(Unavailable, match="damaged"):
            await store.read(lambda session: session.scalars(select(Book)).all() and None)
        with acting_in("globex"):
            assert await store.read(count) == 3

    async def test_a_file_that_has_gone_is_not_replaced_by_an_empty_one(
        self, harness: SqliteHarness
    ) -> None:
        store = harness.store()
        path = harness.folder / "acme" / "shelf.sqlite3"
        with acting_in("acme"):
            await store.run(add_books("a"))
            await harness.stores.open_files.close()
            path.unlink()
            with pytest.raises(Unavailable, match="has gone"):
                await store.read(count)
            assert not path.exists()
            path.touch()
            assert await store.read(count) == 0

    async def test_a_file_of_newer_code_is_refused_untouched(self, harness: SqliteHarness) -> None:
        store = harness.store()
        path = harness.folder / "acme" / "shelf.sqlite3"
        with acting_in("acme"):
            await store.run(add_books("a"))
            await harness.stores.open_files.close()
            with sqlite3.connect(path) as raw:
                raw.execute("UPDATE colonnade_meta SET value = '7' WHERE name = 'service_version'")
            raw.close()
            before = path.read_bytes()
            with pytest.raises(Unavailable, match=r"schema 7 .* none after 1"):
                await store.run(add_books("b"))
        assert path.read_bytes() == before


class TestFullDisk:
    async def test_a_transaction_that_finds_no_room_changes_nothing_and_may_be_repeated(
        self, harness: SqliteHarness
    ) -> None:
        store = harness.store()
        with acting_in("acme"):
            await store.run(add_books("a"))
            with file_size_limit(300_000), pytest.raises(Unavailable, match=r"acme/shelf\.sqlite3"):
                await store.run(add_books(*"bcdefgh", size=200_000))
            assert await store.read(count) == 1
            await store.run(add_books(*"bcdefgh", size=200_000))
            assert await store.read(count) == 8

    async def test_a_store_that_cannot_be_made_leaves_no_part_of_one(
        self, harness: SqliteHarness
    ) -> None:
        store = harness.store()
        with acting_in("globex"):
            await store.read(count)
        with acting_in("acme"):
            with file_size_limit(1_000), pytest.raises(Unavailable, match="cannot be made"):
                await store.read(count)
            assert list((harness.folder / "acme").iterdir()) == []
            assert await store.read(count) == 0

    @pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
    async def test_a_full_disk_is_unavailable_until_there_is_room(self, tmp_path: Path) -> None:
        disk = tmp_path / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
        if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
            pytest.skip("this machine does not let root mount a tmpfs")
        try:
            await self._fill(disk)
        finally:
            subprocess.run(["umount", "-l", str(disk)], check=True)

    async def _fill(self, disk: Path) -> None:
        ballast = disk / "ballast"
        async with sqlite_harness(disk / "data") as harness:
            store = harness.store()
            with acting_in("acme"):
                await store.run(add_books("a"))
                ballast.write_bytes(b"x" * 300_000)
                with pytest.raises(Unavailable, match="full"):
                    await store.run(add_books(*"bcd", size=150_000))
                assert await store.read(count) == 1
                ballast.unlink()
                await store.run(add_books("b"))
                assert await store.read(count) == 2


class TestOtherProcesses:
    async def test_a_read_does_not_hold_the_loop_while_another_process_locks_the_file(
        self, harness: SqliteHarness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = harness.store()
        path = harness.folder / "acme" / "shelf.sqlite3"
        with acting_in("acme"):
            await store.run(add_books("a"))
            await harness.stores.open_files.close()
            locker = sqlite3.connect(path, isolation_level=None)
            locker.execute("PRAGMA locking_mode=EXCLUSIVE")
            locker.execute("BEGIN IMMEDIATE")
            monkeypatch.setattr(connections, "WRITER_WAIT_MILLISECONDS", 50)
            ticks = 0

            async def tick() -> None:
                nonlocal ticks
                while True:
                    ticks += 1
                    await asyncio.sleep(0)

            ticking = asyncio.create_task(tick())
            try:
                with pytest.raises(Unavailable, match="locked by another process"):
                    await store.read(count)
            finally:
                ticking.cancel()
                locker.close()
            assert ticks > 10
            assert await store.read(count) == 1

    async def test_a_write_waits_for_another_process_and_then_gives_up_cleanly(
        self, harness: SqliteHarness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connections, "WRITER_WAIT_MILLISECONDS", 50)
        store = harness.store()
        with acting_in("acme"):
            await store.run(add_books("a"))
            locker = sqlite3.connect(
                harness.folder / "acme" / "shelf.sqlite3", isolation_level=None
            )
            locker.execute("BEGIN IMMEDIATE")
            try:
                with pytest.raises(Unavailable, match="locked by another process"):
                    await store.run(add_books("b"))
            finally:
                locker.close()
            await store.run(add_books("c"))
            assert await store.read(count) == 2


class TestLongReads:
    async def test_a_long_read_leaves_the_loop_and_still_answers(
        self, harness: SqliteHarness
    ) -> None:
        store = harness.store()
        threads: list[str] = []
        steps = text(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) "
            "SELECT max(i) FROM n"
        )

        def slow(session: Session) -> int:
            threads.append(threading.current_thread().name)
            return session.scalar(steps) or 0

        with acting_in("acme"):
            await store.read(count)
            assert await store.read(slow) == 1_000_000
        assert threads[0] == "MainThread"
        assert threads[1].startswith("store")

    async def test_what_was_long_of_late_does_not_come_to_the_loop_again(
        self, harness: SqliteHarness
    ) -> None:
        store = harness.store()

        def reading(steps: int, threads: list[str]) -> Callable[[Session], int]:
            counted = text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                f"WHERE i < {steps}) SELECT max(i) FROM n"
            )

            def read(session: Session) -> int:
                threads.append(threading.current_thread().name)
                return session.scalar(counted) or 0

            return read

        first, again, other = list[str](), list[str](), list[str]()
        with acting_in("acme"):
            await store.read(count)
            await store.read(reading(1_000_000, first))
            assert await store.read(partial(reading(10, again))) == 10
        with acting_in("globex"):
            await store.read(count)
            assert await store.read(reading(10, other)) == 10
        assert (first[0], other) == ("MainThread", ["MainThread"])
        assert len(again) == 1
        assert again[0].startswith("store")


CRASHING = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from shelf.models import Book, Chapter
from store_harness import acting_in, sqlite_harness

async def main():
    async with sqlite_harness(Path(sys.argv[2])) as harness:
        with acting_in("acme"):
            store = harness.store()
            await store.prepare()
            print("ready", flush=True)
            for number in range(3):
                await store.run(lambda session: session.add(Book(title=str(number))))
                print(number, flush=True)

asyncio.run(main())
"""


@pytest.mark.faults
class TestKilled:
    @pytest.mark.parametrize(
        ("point", "expected"),
        [("store.flushed:2", 0), ("store.flushed:3", 1), ("store.committed:3", 2)],
    )
    async def test_exactly_what_was_committed_is_there_after_a_kill(
        self, tmp_path: Path, point: str, expected: int
    ) -> None:
        """Provisioning is the first transaction of the process."""
        support = str(Path(__file__).parents[3] / "contract" / "store" / "support")
        done = subprocess.run(
            [sys.executable, "-c", CRASHING, support, str(tmp_path)],
            env={**os.environ, "COLONNADE_CRASH_AT": point},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()
        acknowledged = done.stdout.decode().split()[1:]
        async with sqlite_harness(tmp_path) as harness:
            with acting_in("acme"):
                found = await harness.store().read(count)
        assert found == expected
        assert found >= len(acknowledged)

    async def test_a_kill_while_provisioning_is_finished_at_the_next_use(
        self, tmp_path: Path
    ) -> None:
        support = str(Path(__file__).parents[3] / "contract" / "store" / "support")
        done = subprocess.run(
            [sys.executable, "-c", CRASHING, support, str(tmp_path)],
            env={**os.environ, "COLONNADE_CRASH_AT": "store.flushed:1"},
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()
        async with sqlite_harness(tmp_path) as harness:
            with acting_in("acme"):
                assert await harness.store().read(count) == 0
            assert [row.tenant for row in await harness.stores.control("shelf").provisioned()] == [
                "acme"
            ]


class TestCost:
    async def test_an_unused_tenant_costs_no_file_and_no_descriptor(self, tmp_path: Path) -> None:
        tenants = tuple(f"tenant-{number}" for number in range(1_000))
        started = time.perf_counter()
        async with sqlite_harness(tmp_path / "data", tenants=tenants) as harness:
            for service in ("user", "course", "content"):
                harness.store(service)
            assert time.perf_counter() - started < 1.0
            assert open_descriptors(tmp_path) == 0
        assert not (tmp_path / "data").exists()
