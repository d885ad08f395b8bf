"""Provisioning of a tenant's file: once, whole, with what the service puts into it."""

import asyncio
import sys
import types
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from shelf.api import BookAdded
from shelf.models import Book
from sqlalchemy import func, select
from store_harness import NEED, SqliteHarness, acting_in, sqlite_harness

from colonnade.context import current_context
from colonnade.errors import Forbidden, InternalError, Unavailable
from colonnade.events import Work
from colonnade.identifiers import new_id
from colonnade.services import StoreNeed
from colonnade.store import Session
from colonnade_runtime.adapters.store.sqlite import SqliteStore

Hook = Callable[[Any], Awaitable[Work | None]]


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[SqliteHarness]:
    async with sqlite_harness(tmp_path / "data") as found:
        yield found


@pytest.fixture
def provisioned_by(
    harness: SqliteHarness, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Hook], SqliteStore]:
    """A store whose service provisions with a given hook; its context is the text 'context'."""

    def store(hook: Hook) -> SqliteStore:
        module = types.ModuleType("shelf_provisioning")
        module.provision = hook  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "shelf_provisioning", module)
        need = StoreNeed(NEED.migrations, NEED.models, "shelf_provisioning:provision")
        context: Any = "context"
        return harness.store(need=need, service_context=lambda: context)

    return store


def first_book(session: Session) -> None:
    book = Book(id=new_id(), title="first")
    session.add(book)
    session.publish(BookAdded(book_id=book.id))


def count(session: Session) -> int:
    return session.scalar(select(func.count(Book.id))) or 0


async def test_fifty_simultaneous_first_uses_provision_once(
    provisioned_by: Callable[[Hook], SqliteStore],
) -> None:
    calls = 0

    async def provision(ctx: Any) -> Work:
        nonlocal calls
        calls += 1
        assert ctx == "context"
        await asyncio.sleep(0)
        return first_book

    store = provisioned_by(provision)
    with acting_in("acme"):
        counts = await asyncio.gather(*(store.read(count) for _ in range(50)))
    assert (calls, set(counts)) == (1, {1})


async def test_the_hook_acts_as_the_service_for_the_tenant_in_context(
    provisioned_by: Callable[[Hook], SqliteStore],
) -> None:
    seen: list[tuple[str, str]] = []

    async def provision(ctx: Any) -> None:
        seen.append((current_context().tenant, current_context().principal.id))

    store = provisioned_by(provision)
    with acting_in("globex"):
        await store.read(count)
        assert current_context().principal.id == "anonymous"
    assert seen == [("globex", "service:shelf")]


async def test_a_failing_hook_leaves_the_store_unprovisioned_and_is_tried_again(
    provisioned_by: Callable[[Hook], SqliteStore], harness: SqliteHarness
) -> None:
    failures = [RuntimeError("not yet")]

    async def provision(ctx: Any) -> Work:
        if failures:
            raise failures.pop()
        return first_book

    store = provisioned_by(provision)
    with acting_in("acme"):
        with pytest.raises(Unavailable, match="not yet"):
            await store.read(count)
        assert await store.control.provisioned() == []
        assert await store.read(count) == 1
    assert [row.tenant for row in await store.control.provisioned()] == ["acme"]


async def test_failing_work_leaves_no_trace_and_is_tried_again(
    provisioned_by: Callable[[Hook], SqliteStore],
) -> None:
    failures = [RuntimeError("not yet")]

    def work(session: Session) -> None:
        first_book(session)
        if failures:
            raise failures.pop()

    async def provision(ctx: Any) -> Work:
        return work

    store = provisioned_by(provision)
    with acting_in("acme"):
        with pytest.raises(Unavailable, match="not yet"):
            await store.read(count)
        assert await store.read(count) == 1


async def test_the_first_callers_impatience_does_not_stop_provisioning(
    provisioned_by: Callable[[Hook], SqliteStore],
) -> None:
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def provision(ctx: Any) -> Work:
        entered.set()
        await go_on.wait()
        return first_book

    store = provisioned_by(provision)
    with acting_in("acme"):
        first = asyncio.create_task(store.read(count))
        await entered.wait()
        second = asyncio.create_task(store.read(count))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        go_on.set()
        assert await second == 1


async def test_a_hook_that_uses_the_store_it_provisions_is_told_instead_of_hanging(
    provisioned_by: Callable[[Hook], SqliteStore],
) -> None:
    stores: list[SqliteStore] = []

    async def provision(ctx: Any) -> None:
        await stores[0].run(first_book)

    stores.append(provisioned_by(provision))
    with acting_in("acme"), pytest.raises(InternalError, match="return the unit of work"):
        await stores[0].read(count)


async def test_what_provisioning_publishes_is_named_as_work(
    provisioned_by: Callable[[Hook], SqliteStore], harness: SqliteHarness
) -> None:
    async def provision(ctx: Any) -> Work:
        return first_book

    store = provisioned_by(provision)
    with acting_in("acme"):
        await store.read(count)
    assert await store.control.tenants_with_work() == ["acme"]
    assert harness.watcher.published == ["acme"]


async def test_the_first_callers_rights_do_not_decide_about_provisioning(
    provisioned_by: Callable[[Hook], SqliteStore], harness: SqliteHarness
) -> None:
    async def provision(ctx: Any) -> Work:
        return first_book

    store = provisioned_by(provision)
    harness.watcher.refuse = Forbidden("not decided")
    with acting_in("acme"):
        with pytest.raises(Forbidden):
            await store.run(first_book)
        assert await store.read(count) == 1


async def test_a_store_closed_while_it_provisions_stops_in_order(
    provisioned_by: Callable[[Hook], SqliteStore], harness: SqliteHarness
) -> None:
    entered = asyncio.Event()

    async def provision(ctx: Any) -> None:
        entered.set()
        await asyncio.Event().wait()

    store = provisioned_by(provision)
    with acting_in("acme"):
        waiting = asyncio.create_task(store.read(count))
        await entered.wait()
        await store.close()
        with pytest.raises(Unavailable, match="closed"):
            await waiting
    assert len(harness.stores.open_files) == 0


async def test_a_new_tenants_file_is_a_copy_of_one_template(harness: SqliteHarness) -> None:
    store = harness.store()
    for tenant in ("acme", "globex"):
        with acting_in(tenant):
            await store.read(count)
    (template,) = (harness.folder / "_templates").iterdir()
    assert template.name.startswith("shelf-")
    assert not [p for p in harness.folder.rglob("*") if p.name.startswith((".new", ".build"))]
