"""The control store: work index, leases, provisioned tenants, tenantless dead letters."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from store_harness import SqliteHarness, acting_in, sqlite_harness

from colonnade.control_store import ControlStore, fence
from colonnade.errors import Conflict, Unavailable
from colonnade_runtime.adapters.store.sqlite import SqliteControlStore, SqliteStores
from colonnade_runtime.adapters.store.sqlite.control.control_file import ControlFile
from colonnade_runtime.adapters.store.sqlite.control.work_index import SqliteWorkIndex


class MovableClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = datetime(2030, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def stores(tmp_path: Path, clock: MovableClock) -> AsyncIterator[SqliteStores]:
    found = SqliteStores(tmp_path, clock, lambda tenant: True)
    yield found
    await found.close()


@pytest.fixture
def control(stores: SqliteStores) -> SqliteControlStore:
    return stores.control("shelf")


def test_it_is_a_control_store(control: SqliteControlStore) -> None:
    port: ControlStore = control
    assert port is control


class TestWorkIndex:
    async def test_it_outlives_the_process(
        self, control: SqliteControlStore, tmp_path: Path, clock: MovableClock
    ) -> None:
        await control.ensure_work("acme")
        later = SqliteStores(tmp_path, clock, lambda tenant: True)
        assert await later.control("shelf").tenants_with_work() == ["acme"]
        await later.close()

    async def test_services_have_their_own(self, stores: SqliteStores) -> None:
        await stores.control("shelf").ensure_work("acme")
        assert await stores.control("attic").tenants_with_work() == []

    async def test_an_empty_sweep_forgets_the_tenant(self, control: SqliteControlStore) -> None:
        await control.ensure_work("acme")
        mark = await control.start_sweep("acme")
        assert await control.forget_work("acme", mark)
        assert await control.tenants_with_work() == []

    async def test_a_commit_since_the_sweep_began_keeps_the_tenant(
        self, control: SqliteControlStore
    ) -> None:
        mark = await control.start_sweep("acme")
        await control.ensure_work("acme")
        assert not await control.forget_work("acme", mark)
        assert await control.tenants_with_work() == ["acme"]

    async def test_a_commit_under_way_keeps_the_tenant(self, control: SqliteControlStore) -> None:
        with control.work_index.holding("acme"):
            mark = await control.start_sweep("acme")
            assert not await control.forget_work("acme", mark)
        assert await control.tenants_with_work() == ["acme"]

    async def test_a_forgotten_tenant_is_named_again_by_the_next_commit(
        self, control: SqliteControlStore
    ) -> None:
        await control.ensure_work("acme")
        assert await control.forget_work("acme", await control.start_sweep("acme"))
        await control.ensure_work("acme")
        assert await control.tenants_with_work() == ["acme"]


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.sampled_from(["begin", "commit", "mark", "sweep", "forget"]), max_size=25))
def test_no_order_of_commits_and_sweeps_loses_pending_work(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    """A tenant with a committed pending row is in the index, whatever interleaves."""
    index = SqliteWorkIndex(
        ControlFile(tmp_path_factory.mktemp("index") / "c" / "shelf.sqlite3"), lambda: "now"
    )
    holding = None
    pending = False
    mark: int | None = None
    found_nothing = False
    for step in steps:
        if step == "begin" and holding is None:
            holding = index.holding("acme")
            holding.__enter__()
        elif step == "commit" and holding is not None:
            pending = True
            holding.__exit__(None, None, None)
            holding = None
        elif step == "mark":
            mark, found_nothing = index.start_sweep("acme"), False
        elif step == "sweep" and mark is not None:
            found_nothing = not pending
            pending = False
        elif step == "forget" and mark is not None and found_nothing:
            index.forget("acme", mark)
        if pending or holding is not None:
            assert index.tenants() == ["acme"]
    if holding is not None:
        holding.__exit__(None, None, None)


class TestLeases:
    async def test_one_of_many_gets_it(self, control: SqliteControlStore) -> None:
        got = await asyncio.gather(
            *(control.acquire_lease("relay", f"p{n}", 10) for n in range(20))
        )
        assert len([lease for lease in got if lease is not None]) == 1

    async def test_it_is_free_once_it_has_expired_and_its_token_grows(
        self, control: SqliteControlStore, clock: MovableClock
    ) -> None:
        first = await control.acquire_lease("relay", "one", 10)
        assert first is not None
        clock.advance(9)
        assert await control.acquire_lease("relay", "two", 10) is None
        clock.advance(2)
        second = await control.acquire_lease("relay", "two", 10)
        assert second is not None
        assert second.token > first.token
        assert await control.renew_lease(first, 10) is None

    async def test_renewing_keeps_it(
        self, control: SqliteControlStore, clock: MovableClock
    ) -> None:
        lease = await control.acquire_lease("relay", "one", 10)
        assert lease is not None
        clock.advance(9)
        assert await control.renew_lease(lease, 10) is not None
        clock.advance(9)
        assert await control.acquire_lease("relay", "two", 10) is None

    async def test_released_it_is_free_at_once_and_tokens_go_on(
        self, control: SqliteControlStore
    ) -> None:
        first = await control.acquire_lease("relay", "one", 10)
        assert first is not None
        await control.release_lease(first)
        second = await control.acquire_lease("relay", "two", 10)
        assert second is not None
        assert second.token > first.token

    async def test_a_stale_owner_cannot_release_the_lease_of_the_next(
        self, control: SqliteControlStore, clock: MovableClock
    ) -> None:
        first = await control.acquire_lease("relay", "one", 10)
        clock.advance(11)
        await control.acquire_lease("relay", "two", 10)
        assert first is not None
        await control.release_lease(first)
        assert await control.acquire_lease("relay", "three", 10) is None

    async def test_a_stale_owners_write_is_refused(self, tmp_path: Path) -> None:
        async with sqlite_harness(tmp_path) as harness:
            stale, current = await self._two_owners(harness)
            store = harness.store()
            with acting_in("acme"):
                await store.run(lambda session: fence(session, stale))
                await store.run(lambda session: fence(session, current))
                await store.run(lambda session: fence(session, current))
                with pytest.raises(Conflict, match="another owner"):
                    await store.run(lambda session: fence(session, stale))

    async def _two_owners(self, harness: SqliteHarness):  # type: ignore[no-untyped-def]
        control = harness.stores.control("shelf")
        stale = await control.acquire_lease("relay", "one", 0.0)
        current = await control.acquire_lease("relay", "two", 60)
        assert stale is not None
        assert current is not None
        return stale, current


class TestTheRest:
    async def test_a_provisioned_tenant_keeps_its_date_when_its_schema_changes(
        self, control: SqliteControlStore, clock: MovableClock
    ) -> None:
        await control.note_provisioned("acme", 1)
        clock.advance(60)
        await control.note_provisioned("acme", 2)
        (row,) = await control.provisioned()
        assert (row.tenant, row.schema_version) == ("acme", 2)
        assert row.provisioned_at == datetime(2030, 1, 1, tzinfo=UTC)

    async def test_dead_letters_are_kept_in_order_and_can_be_discarded(
        self, control: SqliteControlStore
    ) -> None:
        first = await control.keep_dead_letter("bus", b"\x00\xff", "unreadable")
        second = await control.keep_dead_letter("bus", b"{}", "no tenant " + "x" * 10_000)
        letters = await control.dead_letters()
        assert [letter.id for letter in letters] == [first, second]
        assert letters[0].payload == b"\x00\xff"
        assert len(letters[1].error) == 4_000
        assert await control.discard_dead_letter(first)
        assert not await control.discard_dead_letter(first)
        assert [letter.id for letter in await control.dead_letters(limit=1)] == [second]

    async def test_a_damaged_file_is_unavailable_and_named(
        self, control: SqliteControlStore, tmp_path: Path
    ) -> None:
        path = tmp_path / "_control" / "shelf.sqlite3"
        path.parent.mkdir()
        path.write_bytes(b"not a database" * 100)
        with pytest.raises(Unavailable, match=r"_control/shelf\.sqlite3 is damaged"):
            await control.tenants_with_work()

    async def test_a_publishing_write_fails_whole_when_the_index_cannot_be_written(
        self, tmp_path: Path
    ) -> None:
        from shelf.api import BookAdded
        from shelf.models import Book

        async with sqlite_harness(tmp_path) as harness:
            store = harness.store()
            with acting_in("acme"):
                await store.prepare()
                await harness.stores.control("shelf").close()
                path = tmp_path / "_control" / "shelf.sqlite3"
                path.write_bytes(b"not a database" * 100)

                def work(session):  # type: ignore[no-untyped-def]
                    book = Book(title="a")
                    session.add(book)
                    session.flush()
                    session.publish(BookAdded(book_id=book.id))

                with pytest.raises(Unavailable, match="_control"):
                    await store.run(work)
                assert await store.read(lambda s: s.scalar(select(func.count(Book.id)))) == 0
