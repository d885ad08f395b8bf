"""One folder, two processes that host the same service: what each knows of the other's commits."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shelf.api import BookAdded
from shelf.models import Book
from sqlalchemy import func, select
from store_harness import SqliteHarness, acting_in

from colonnade.clock import SystemClock
from colonnade.errors import ConfigurationError
from colonnade.identifiers import new_id
from colonnade.rows.row_tracking import RowSet
from colonnade.services import StoreNeed
from colonnade.store import Session
from colonnade_runtime.adapters.store.sqlite import SqliteStore, SqliteStores
from colonnade_runtime.calls.row_cache import RowCache
from colonnade_runtime.calls.row_cache.cache import Key

USE = "test"


def add_book(session: Session) -> None:
    session.add(Book(id=new_id(), title="Alma"))


def add_and_publish(session: Session) -> None:
    book = Book(id=new_id(), title="Alma")
    session.add(book)
    session.publish(BookAdded(book_id=book.id))


def count(session: Session) -> int:
    return session.scalar(select(func.count(Book.id))) or 0


class Replica:
    """One of the processes: its own connections, locks and memory of the folder."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.harness = SqliteHarness(folder, shared=True)
        self.store: SqliteStore = self.harness.store(**options)
        self.control = self.store.control

    async def write(self, work: Any = add_book) -> None:
        with acting_in("acme"):
            await self.store.run(work)

    async def count(self) -> int:
        with acting_in("acme"):
            return await self.store.read(count)

    def changed(self) -> bool | None:
        return self.store.changed_elsewhere("acme", USE)


@pytest.fixture
async def replicas(tmp_path: Path) -> AsyncIterator[tuple[Replica, Replica]]:
    here, there = Replica(tmp_path), Replica(tmp_path)
    yield here, there
    await here.harness.close()
    await there.harness.close()


class TestTheFolder:
    async def test_it_is_shared_by_replicas_and_by_nobody_else(self, tmp_path: Path) -> None:
        first, second, alone = (
            SqliteStores(tmp_path, SystemClock(), lambda tenant: True, shared=shared)
            for shared in (True, True, False)
        )
        await first.start(["shelf"])
        await second.start(["shelf"])
        with pytest.raises(ConfigurationError, match="is in use by"):
            await alone.start(["shelf"])
        for stores in (first, second, alone):
            await stores.close()

    async def test_replicas_stay_out_of_what_one_process_has_alone(self, tmp_path: Path) -> None:
        alone = SqliteStores(tmp_path, SystemClock(), lambda tenant: True)
        shared = SqliteStores(tmp_path, SystemClock(), lambda tenant: True, shared=True)
        await alone.start(["shelf"])
        with pytest.raises(ConfigurationError, match="which hosts the service 'shelf'"):
            await shared.start(["shelf"])
        for stores in (alone, shared):
            await stores.close()


class TestChangesElsewhere:
    async def test_nothing_is_known_of_a_file_that_is_not_open(
        self, replicas: tuple[Replica, Replica]
    ) -> None:
        assert replicas[0].changed() is None

    async def test_own_commits_are_told_from_others(
        self, replicas: tuple[Replica, Replica]
    ) -> None:
        here, there = replicas
        await here.write()
        # The first time everything may have changed.
        assert here.changed()
        await here.write()
        await here.write()
        assert here.changed() is False
        await there.write()
        await here.write()
        assert here.changed()
        assert here.changed() is False

    async def test_every_use_is_told(self, replicas: tuple[Replica, Replica]) -> None:
        here, there = replicas
        await here.write()
        uses = ("cache", "background")
        for use in uses:
            here.store.changed_elsewhere("acme", use)
        await there.write()
        assert [here.store.changed_elsewhere("acme", use) for use in uses] == [True, True]

    async def test_a_read_elsewhere_is_no_change(self, replicas: tuple[Replica, Replica]) -> None:
        here, there = replicas
        await here.write()
        here.changed()
        assert await there.count() == 1
        assert here.changed() is False


STEPS = st.lists(st.sampled_from(["here", "there", "ask", "both"]), min_size=1, max_size=12)


@settings(max_examples=12, deadline=None)
@given(steps=STEPS)
def test_an_answer_from_the_cache_is_never_older_than_the_last_commit(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    """Answers of the cache are what the store holds, whoever commits, in whatever order."""
    asyncio.run(_ask_through_a_cache(tmp_path_factory.mktemp("shared"), steps))


async def _ask_through_a_cache(folder: Path, steps: list[str]) -> None:
    here, there = Replica(folder), Replica(folder)
    cache = RowCache()
    cache.watch("shelf", lambda tenant: here.store.changed_elsewhere(tenant, "cache"))
    here.harness.watcher.invalidate = (  # type: ignore[method-assign]
        lambda tenant, changed: cache.drop("shelf", tenant, changed)
    )
    here.store.invalidation = here.harness.watcher.invalidate
    key: Key = ("acme", "ask.shelf.v1.Count", b"", 1, b"", b"", "en")
    committed = 0
    for step in [*steps, "ask", "ask"]:
        if step == "both":
            await asyncio.gather(here.write(), there.write())
            committed += 2
        elif step == "ask":
            kept = cache.find(key)
            if kept is None:
                reading = cache.begin("shelf", "acme")
                body = str(await here.count()).encode()
                cache.keep(key, body, RowSet(tables={"books"}), reading)
            else:
                body = kept.body
            assert int(body) == committed
        else:
            await (here if step == "here" else there).write()
            committed += 1
    await here.harness.close()
    await there.harness.close()


async def test_a_cache_keeps_its_answers_while_nobody_else_writes(
    replicas: tuple[Replica, Replica],
) -> None:
    here, _ = replicas
    cache = RowCache()
    cache.watch("shelf", lambda tenant: here.store.changed_elsewhere(tenant, "cache"))
    key: Key = ("acme", "ask.shelf.v1.Count", b"", 1, b"", b"", "en")
    await here.write()
    reading = cache.begin("shelf", "acme")
    cache.keep(key, b"1", RowSet({("books", (1,))}), reading)
    await here.write()
    cache.drop("shelf", "acme", RowSet({("books", (2,))}))
    assert cache.find(key) is not None


class TestWorkIndex:
    async def test_a_commit_elsewhere_since_the_sweep_began_keeps_the_tenant(
        self, replicas: tuple[Replica, Replica]
    ) -> None:
        here, there = replicas
        await there.write(add_and_publish)
        mark = await here.control.start_sweep("acme")
        await there.write(add_and_publish)
        assert not await here.control.forget_work("acme", mark)
        assert await here.control.tenants_with_work() == ["acme"]

    async def test_what_one_forgot_another_names_again(
        self, replicas: tuple[Replica, Replica]
    ) -> None:
        here, there = replicas
        await there.write(add_and_publish)
        assert await here.control.forget_work("acme", await here.control.start_sweep("acme"))
        assert await there.control.tenants_with_work() == []
        await there.write(add_and_publish)
        assert await here.control.tenants_with_work() == ["acme"]


@settings(max_examples=12, deadline=None)
@given(
    steps=st.lists(
        st.sampled_from(["here", "there", "mark", "sweep", "forget", "forget-and-there"]),
        max_size=14,
    )
)
def test_no_order_of_commits_and_sweeps_of_two_processes_loses_pending_work(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    """A tenant with a committed pending row is in the index, whatever interleaves."""
    asyncio.run(_commit_and_sweep(tmp_path_factory.mktemp("shared"), steps))


async def _commit_and_sweep(folder: Path, steps: list[str]) -> None:
    here, there = Replica(folder), Replica(folder)
    mark: int | None = None
    pending = found_nothing = False
    for step in steps:
        if step in ("here", "there"):
            await (here if step == "here" else there).write(add_and_publish)
            pending = True
        elif step == "mark":
            mark, found_nothing = await here.control.start_sweep("acme"), False
        elif step == "sweep" and mark is not None:
            found_nothing, pending = not pending, False
        elif step.startswith("forget") and mark is not None and found_nothing:
            forgetting = here.control.forget_work("acme", mark)
            if step == "forget":
                await forgetting
            else:
                await asyncio.gather(forgetting, there.write(add_and_publish))
                pending = True
        if pending:
            assert await here.control.tenants_with_work() == ["acme"]
            assert await there.control.tenants_with_work() == ["acme"]
    await here.harness.close()
    await there.harness.close()


async def test_two_processes_that_use_a_tenant_first_provision_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys
    import types

    calls = 0

    async def provision(ctx: Any) -> Any:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0.05)
        return add_book

    module = types.ModuleType("shelf_provisioning")
    module.provision = provision  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "shelf_provisioning", module)
    need = StoreNeed("shelf.migrations", "shelf.models", "shelf_provisioning:provision")
    context: Any = "context"
    here, there = (Replica(tmp_path, need=need, service_context=lambda: context) for _ in range(2))
    assert await asyncio.gather(here.count(), there.count()) == [1, 1]
    assert calls == 1
    await here.harness.close()
    await there.harness.close()
