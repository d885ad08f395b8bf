"""Contract of every SQL store, whichever database is behind it."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any
from uuid import UUID

import pytest
from shelf.api import BookAdded
from shelf.models import Book, Chapter, Counter
from sqlalchemy import delete, func, insert, select, text, update
from store_harness import acting_in, eventually

from colonnade.context import context_or_none
from colonnade.errors import Conflict, Forbidden, InternalError, NotFound, Unavailable
from colonnade.events import Envelope
from colonnade.rows import ConstraintViolated
from colonnade.rows.row_tracking import ANY_TABLE, track_reads
from colonnade.store import Session
from colonnade.tables import OutboxRow
from colonnade_runtime.adapters.store.sqlite import writes as sqlite_writes


def add_book(title: str = "Alma", **values: Any) -> Callable[[Session], Book]:
    def work(session: Session) -> Book:
        book = Book(title=title, **values)
        session.add(book)
        session.flush()
        return book

    return work


def titles(session: Session) -> list[str]:
    return list(session.scalars(select(Book.title).order_by(Book.title)))


def outbox(session: Session) -> list[OutboxRow]:
    return list(session.scalars(select(OutboxRow).order_by(OutboxRow.sequence)))


class TestIsolation:
    async def test_a_tenant_sees_nothing_of_another(self, harness: Any) -> None:
        store = harness.store()
        with acting_in("acme"):
            await store.run(add_book("Mine"))
        with acting_in("globex"):
            assert await store.read(titles) == []
        with acting_in("acme"):
            assert await store.read(titles) == ["Mine"]

    async def test_a_service_sees_nothing_of_another(self, harness: Any) -> None:
        mine, other = harness.store("shelf"), harness.store("attic")
        with acting_in("acme"):
            await mine.run(add_book("Mine"))
            assert await other.read(titles) == []

    @pytest.mark.parametrize("method", ["run", "read"])
    async def test_without_a_tenant_in_context_nothing_is_opened(
        self, harness: Any, method: str
    ) -> None:
        with pytest.raises(InternalError, match="No tenant in context"):
            await getattr(harness.store(), method)(titles)
        assert not harness.folder.exists()

    async def test_an_unknown_tenant_gets_no_store(self, harness: Any) -> None:
        with acting_in("stranger"), pytest.raises(NotFound):
            await harness.store().read(titles)
        assert not (harness.folder / "stranger").exists()

    async def test_a_tenant_that_is_not_declared_any_more_is_refused(self, harness: Any) -> None:
        store = harness.store()
        with acting_in("acme"):
            await store.run(add_book())
            harness.tenants.discard("acme")
            with pytest.raises(NotFound):
                await store.read(titles)

    @pytest.mark.parametrize("name", ["../globex", "a/b", "", "ACME", "acme\n", "_control", "."])
    async def test_a_name_that_is_no_tenant_id_never_becomes_a_place(
        self, harness: Any, name: str
    ) -> None:
        harness.tenants.add(name)
        with acting_in(name), pytest.raises(InternalError, match="not a tenant id"):
            await harness.store().run(titles)
        assert not harness.folder.exists()

    async def test_units_of_work_of_two_tenants_interleave_without_mixing(
        self, harness: Any
    ) -> None:
        store = harness.store()

        async def add(tenant: str, number: int) -> None:
            with acting_in(tenant):
                await store.run(add_book(f"{tenant} {number}"))

        await asyncio.gather(*(add(t, n) for n in range(20) for t in ("acme", "globex")))
        for tenant in ("acme", "globex"):
            with acting_in(tenant):
                found = await store.read(titles)
            assert found == sorted(f"{tenant} {n}" for n in range(20))


class TestUnitsOfWork:
    async def test_what_the_work_returns_is_answered_and_usable_afterwards(
        self, harness: Any
    ) -> None:
        with acting_in("acme"):
            book = await harness.store().run(add_book("Alma"))
        assert (book.title, book.version) == ("Alma", 1)

    async def test_what_the_work_raises_rolls_everything_back(self, harness: Any) -> None:
        store = harness.store()

        def fails(session: Session) -> None:
            add_book()(session)
            session.publish(BookAdded(book_id=UUID(int=1)))
            raise LookupError("no")

        with acting_in("acme"):
            with pytest.raises(LookupError, match="no"):
                await store.run(fails)
            assert await store.read(titles) == []
            assert await store.read(outbox) == []

    async def test_the_context_of_the_call_is_current_inside_the_work(self, harness: Any) -> None:
        own: ContextVar[str] = ContextVar("own")
        own.set("seen")
        with acting_in("acme") as context:
            for method in (harness.store().run, harness.store().read):
                assert await method(lambda session: (context_or_none(), own.get())) == (
                    context,
                    "seen",
                )

    async def test_a_violated_constraint_reaches_the_caller_as_such(self, harness: Any) -> None:
        store = harness.store()
        with acting_in("acme"), pytest.raises(ConstraintViolated):
            await store.run(lambda s: s.execute(insert(Counter), [{"name": "a", "value": 0}] * 2))

    async def test_a_foreign_key_is_enforced(self, harness: Any) -> None:
        with acting_in("acme"), pytest.raises(ConstraintViolated):
            await harness.store().run(lambda s: s.add(Chapter(book_id=UUID(int=9), title="?")))

    @pytest.mark.parametrize("method", ["commit", "rollback"])
    async def test_the_work_cannot_end_its_transaction(self, harness: Any, method: str) -> None:
        def ends(session: Session) -> None:
            add_book()(session)
            getattr(session, method)()

        with acting_in("acme"):
            with pytest.raises(InternalError, match="unit of work does not"):
                await harness.store().run(ends)
            assert await harness.store().read(titles) == []

    async def test_a_savepoint_undoes_its_part_only(self, harness: Any) -> None:
        def partly(session: Session) -> None:
            add_book("kept")(session)
            with suppress(LookupError), session.savepoint():
                session.publish(BookAdded(book_id=add_book("undone")(session).id))
                raise LookupError

        with acting_in("acme"):
            await harness.store().run(partly)
            assert await harness.store().read(titles) == ["kept"]
            assert await harness.store().read(outbox) == []

    async def test_rows_and_events_of_one_unit_carry_one_time(self, harness: Any) -> None:
        def work(session: Session) -> tuple[Any, ...]:
            book = add_book()(session)
            session.publish(BookAdded(book_id=book.id))
            return session.now, book.created_at, book.updated_at

        with acting_in("acme"):
            now, created, updated = await harness.store().run(work)
            (row,) = await harness.store().read(outbox)
        assert now == created == updated == row.created_at == Envelope.decode(row.envelope).time

    async def test_a_closed_store_is_unavailable(self, harness: Any) -> None:
        store = harness.store()
        with acting_in("acme"):
            await store.run(add_book())
            await store.close()
            with pytest.raises(Unavailable):
                await store.run(add_book())
            with pytest.raises(Unavailable):
                await store.read(titles)


class TestStopping:
    """Work that outlasts the stop is ended, and what cannot be ended ends nothing else."""

    @pytest.fixture
    def begun(self) -> threading.Event:
        return threading.Event()

    async def stopped(self, harness: Any, work: Any, begun: threading.Event) -> Any:
        store = harness.store()
        with acting_in("acme"):
            await store.run(add_book("kept"))
            running = asyncio.create_task(store.run(work))
            await eventually(begun.is_set)
            await store.close(0.05)
        return running

    async def test_a_statement_that_runs_on_is_interrupted(
        self, harness: Any, begun: threading.Event
    ) -> None:
        def endless(session: Session) -> None:
            begun.set()
            session.execute(
                text(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
                    "SELECT count(*) FROM n"
                )
            )

        running = await self.stopped(harness, endless, begun)
        with pytest.raises(Unavailable):
            await asyncio.wait_for(running, 10)

    async def test_work_that_cannot_be_interrupted_leaves_its_file_open(
        self, harness: Any, begun: threading.Event, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite_writes, "INTERRUPTED_SECONDS", 0.05)
        go_on = threading.Event()

        def waits(session: Session) -> None:
            begun.set()
            go_on.wait(10)
            add_book("late")(session)

        running = await self.stopped(harness, waits, begun)
        go_on.set()
        with pytest.raises(Unavailable):
            await asyncio.wait_for(running, 10)


class TestReads:
    async def test_a_read_cannot_write(self, harness: Any) -> None:
        def writes(session: Session) -> None:
            session.execute(insert(Counter).values(name="a", value=1))

        with acting_in("acme"), pytest.raises(InternalError, match="read"):
            await harness.store().read(writes)

    async def test_a_changed_row_in_a_read_is_refused_rather_than_lost(self, harness: Any) -> None:
        store = harness.store()

        def changes(session: Session) -> None:
            session.scalars(select(Book)).one().title = "changed"

        with acting_in("acme"):
            await store.run(add_book())
            with pytest.raises(InternalError, match="run"):
                await store.read(changes)

    async def test_an_event_published_in_a_read_is_refused_rather_than_lost(
        self, harness: Any
    ) -> None:
        with acting_in("acme"), pytest.raises(InternalError, match="run"):
            await harness.store().read(lambda s: s.publish(BookAdded(book_id=UUID(int=1))))

    async def test_a_read_does_not_see_a_transaction_under_way(self, harness: Any) -> None:
        store = harness.store()
        written, go_on = threading.Event(), threading.Event()

        def slow(session: Session) -> None:
            add_book()(session)
            written.set()
            assert go_on.wait(20)

        with acting_in("acme"):
            await store.read(titles)
            task = asyncio.create_task(store.run(slow))
            try:
                await eventually(written.is_set)
                assert await store.read(titles) == []
            finally:
                go_on.set()
            await task
            assert await store.read(titles) == ["Alma"]

    async def test_a_read_sees_what_was_just_written(self, harness: Any) -> None:
        store = harness.store()
        with acting_in("acme"):
            for number in range(30):
                await store.run(add_book(f"{number:02}"))
                assert len(await store.read(titles)) == number + 1


class TestConcurrency:
    async def test_two_hundred_tasks_that_count_miss_nothing(self, harness: Any) -> None:
        store = harness.store()

        def count(session: Session) -> None:
            counter = session.get(Counter, "visits")
            if counter is None:
                session.add(Counter(name="visits", value=1))
            else:
                counter.value += 1

        with acting_in("acme"):
            await asyncio.gather(*(store.run(count) for _ in range(200)))
            value = await store.read(lambda s: s.scalar(select(Counter.value)))
        assert value == 200

    async def test_a_call_cancelled_in_its_transaction_leaves_nothing_behind(
        self, harness: Any
    ) -> None:
        store = harness.store()
        written, go_on = threading.Event(), threading.Event()

        def slow(session: Session) -> None:
            add_book("abandoned")(session)
            written.set()
            assert go_on.wait(20)

        with acting_in("acme"):
            task = asyncio.create_task(store.run(slow))
            await eventually(written.is_set)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            following = asyncio.create_task(store.run(add_book("next")))
            go_on.set()
            await following
            assert await store.read(titles) == ["next"]

    async def test_a_call_cancelled_while_it_waits_its_turn_never_runs(self, harness: Any) -> None:
        store = harness.store()
        started, go_on = threading.Event(), threading.Event()

        def slow(session: Session) -> None:
            started.set()
            assert go_on.wait(20)

        with acting_in("acme"):
            first = asyncio.create_task(store.run(slow))
            await eventually(started.is_set)
            second = asyncio.create_task(store.run(add_book("never")))
            await asyncio.sleep(0)
            second.cancel()
            with pytest.raises(asyncio.CancelledError):
                await second
            go_on.set()
            await first
            assert await store.read(titles) == []

    async def test_a_write_that_cannot_start_in_time_is_unavailable(self, harness: Any) -> None:
        store = harness.store()
        started, go_on = threading.Event(), threading.Event()

        def slow(session: Session) -> None:
            started.set()
            assert go_on.wait(20)

        with acting_in("acme"):
            first = asyncio.create_task(store.run(slow))
            await eventually(started.is_set)
        try:
            with acting_in("acme", seconds=0.05), pytest.raises(Unavailable, match="busy"):
                await store.run(add_book())
        finally:
            go_on.set()
        await first


class TestVersions:
    async def test_a_change_of_a_row_changed_meanwhile_is_a_conflict(self, harness: Any) -> None:
        store = harness.store()
        with acting_in("acme"):
            book = await store.run(add_book("Alma"))

            def late(session: Session) -> None:
                mine = session.get_one(Book, book.id)
                session.execute(update(Book).values(version=Book.version + 1))
                mine.title = "mine"

            with pytest.raises(Conflict, match="Somebody else"):
                await store.run(late)
            assert await store.read(titles) == ["Alma"]

    async def test_a_row_cannot_be_changed_after_the_unit_that_read_it(self, harness: Any) -> None:
        """Nothing would be written, and nobody would hear of it."""
        store = harness.store()
        with acting_in("acme"):
            book = await store.run(add_book("Alma"))
            with pytest.raises(InternalError, match="within the unit of work"):
                book.title = "other"

    async def test_every_change_counts_the_version_up(self, harness: Any) -> None:
        store = harness.store()
        with acting_in("acme"):
            book = await store.run(add_book())
            for _ in range(3):
                await store.run(lambda s: setattr(s.get(Book, book.id), "copies", 1))
                await store.run(lambda s: setattr(s.get(Book, book.id), "copies", 2))
            assert await store.read(lambda s: s.get(Book, book.id).version) == 7


class TestPublishing:
    async def test_events_keep_the_order_of_their_commits(self, harness: Any) -> None:
        store = harness.store()
        with acting_in("acme"):
            for number in range(1, 4):
                await store.run(lambda s, n=number: s.publish(BookAdded(book_id=UUID(int=n))))
            keys = [row.key for row in await store.read(outbox)]
        assert keys == [str(UUID(int=n)) for n in range(1, 4)]

    async def test_the_tenant_is_in_the_work_index_before_the_commit(self, harness: Any) -> None:
        store = harness.store()
        seen: list[list[str]] = []

        def refuse(session: Session) -> None:
            seen.append(store.control.work_index.tenants())

        harness.watcher.guard = refuse
        with acting_in("acme"):
            await store.run(lambda s: s.publish(BookAdded(book_id=UUID(int=1))))
        assert await store.control.tenants_with_work() == ["acme"]
        assert harness.watcher.published == ["acme"]

    async def test_a_unit_that_publishes_nothing_wakes_nobody(self, harness: Any) -> None:
        store = harness.store()
        with acting_in("acme"):
            await store.run(add_book())
        assert harness.watcher.published == []
        assert await store.control.tenants_with_work() == []

    async def test_an_event_of_a_failed_transaction_wakes_nobody(self, harness: Any) -> None:
        store = harness.store()
        harness.watcher.refuse = Forbidden("no")
        with acting_in("acme"), pytest.raises(Forbidden):
            await store.run(lambda s: s.publish(BookAdded(book_id=UUID(int=1))))
        assert harness.watcher.published == []

    async def test_a_row_of_pending_work_names_the_tenant_however_it_is_written(
        self, harness: Any
    ) -> None:
        store = harness.store()
        values = {
            "event_id": UUID(int=5), "type": "t", "key": "k", "envelope": b"{}",
        }  # fmt: skip
        with acting_in("acme"):
            await store.run(
                lambda s: s.execute(insert(OutboxRow).values(created_at=s.now, **values))
            )
        with acting_in("globex"):
            await store.run(lambda s: s.add(OutboxRow(created_at=s.now, **values)))
        assert await store.control.tenants_with_work() == ["acme", "globex"]


class TestGuard:
    async def test_the_guard_sees_the_finished_session_and_can_refuse_the_commit(
        self, harness: Any
    ) -> None:
        store = harness.store()
        harness.watcher.refuse = Forbidden("not decided")
        with acting_in("acme"):
            with pytest.raises(Forbidden, match="not decided"):
                await store.run(add_book())
            assert await store.read(titles) == []
        (session,) = harness.watcher.guarded[-1:]
        assert {table for table, _ in session.changed.rows} == {"books"}


class TestInvalidation:
    async def test_a_new_changed_or_deleted_row_is_named(self, harness: Any) -> None:
        store = harness.store()
        with acting_in("acme"):
            book = await store.run(add_book())
            key = ("books", (book.id,))
            assert harness.watcher.changes[-1][0] == "acme"
            assert harness.watcher.last_change.rows == {key}
            await store.run(lambda s: setattr(s.get(Book, book.id), "title", "B"))
            assert harness.watcher.last_change.rows == {key}
            await store.run(lambda s: s.delete(s.get(Book, book.id)))
            assert harness.watcher.last_change.rows == {key}

    async def test_a_delete_names_the_tables_that_it_cascades_to(self, harness: Any) -> None:
        store = harness.store()
        with acting_in("acme"):
            book = await store.run(add_book())
            await store.run(lambda s: s.delete(s.get(Book, book.id)))
            assert harness.watcher.last_change.tables == {"chapters"}

    @pytest.mark.parametrize(
        ("statement", "tables"),
        [
            (lambda: insert(Counter).values(name="x", value=1), {"counters"}),
            (lambda: update(Book).values(copies=3), {"books"}),
            (lambda: delete(Book), {"books", "chapters"}),
            (lambda: delete(Book.__table__), {"books", "chapters"}),
            (lambda: text("DELETE FROM books"), {ANY_TABLE}),
        ],
    )
    async def test_a_statement_names_whole_tables(
        self, harness: Any, statement: Callable[[], Any], tables: set[str]
    ) -> None:
        store = harness.store()
        with acting_in("acme"):
            await store.run(lambda s: s.execute(statement()) and None)
        assert harness.watcher.last_change.tables == tables

    async def test_it_comes_before_the_write_returns(self, harness: Any) -> None:
        store = harness.store()
        with acting_in("acme"):
            for number in range(20):
                await store.run(add_book())
                assert len(harness.watcher.changes) == number + 1

    async def test_every_commit_is_told_even_when_its_caller_has_gone(self, harness: Any) -> None:
        store = harness.store()
        with acting_in("acme"):
            await store.read(titles)
            for number in range(30):
                task = asyncio.create_task(store.run(add_book(str(number))))
                for _ in range(number % 6):
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await store.run(add_book("last"))
            committed = await store.read(lambda s: s.scalar(select(func.count(Book.id))))
        assert len(harness.watcher.changes) == committed

    async def test_a_failed_transaction_invalidates_nothing(self, harness: Any) -> None:
        harness.watcher.refuse = Forbidden()
        with acting_in("acme"), pytest.raises(Forbidden):
            await harness.store().run(add_book())
        assert harness.watcher.changes == []


class TestTrackedReads:
    async def test_a_row_read_by_its_key_is_depended_on_alone(self, harness: Any) -> None:
        store = harness.store()
        with acting_in("acme"):
            book = await store.run(add_book())
            with track_reads() as reads:
                await store.read(lambda s: s.get(Book, book.id).title)
        assert (reads.rows, reads.tables) == ({("books", (book.id,))}, set())

    async def test_a_row_that_is_not_there_is_depended_on_too(self, harness: Any) -> None:
        with acting_in("acme"), track_reads() as reads:
            assert await harness.store().read(lambda s: s.get(Counter, "none")) is None
        assert reads.rows == {("counters", ("none",))}

    async def test_a_query_depends_on_every_table_it_mentions(self, harness: Any) -> None:
        query = select(Book.title).where(select(Chapter.id).where(Chapter.title == "x").exists())
        with acting_in("acme"), track_reads() as reads:
            await harness.store().read(lambda s: s.execute(query).all())
        assert reads.tables == {"books", "chapters"}

    async def test_a_statement_in_plain_text_depends_on_everything(self, harness: Any) -> None:
        with acting_in("acme"), track_reads() as reads:
            await harness.store().read(lambda s: s.execute(text("SELECT 1")).all())
        assert reads.tables == {ANY_TABLE}

    async def test_a_change_overlaps_with_the_reads_it_makes_stale(self, harness: Any) -> None:
        store = harness.store()
        with acting_in("acme"):
            book, other = await store.run(add_book()), await store.run(add_book())
            with track_reads() as one:
                await store.read(lambda s: s.get(Book, book.id).title)
            with track_reads() as every:
                await store.read(titles)
            await store.run(lambda s: setattr(s.get(Book, other.id), "title", "B"))
            changed = harness.watcher.last_change
            assert not changed.overlaps(one)
            assert changed.overlaps(every)
            await store.run(lambda s: s.execute(update(Book).values(copies=9)) and None)
            assert harness.watcher.last_change.overlaps(one)
