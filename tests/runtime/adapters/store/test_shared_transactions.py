"""Units of work that wait for one file share a transaction, and nobody can tell."""

import asyncio
import sqlite3
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shelf.models import Book, Chapter
from sqlalchemy import select, text
from store_harness import SqliteHarness, acting_in, eventually, sqlite_harness

from colonnade.crash_points import watched_by
from colonnade.errors import Conflict, Unavailable
from colonnade.identifiers import new_id
from colonnade.rows import ConstraintViolated
from colonnade.store import Session, SqlStore
from colonnade_runtime.adapters.store.sqlite.driver import SqliteDriver
from colonnade_runtime.adapters.store.sqlite.files.failures import no_room

COMMITTED = "store.committed"
SECONDS = 20.0


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[SqliteHarness]:
    async with sqlite_harness(tmp_path / "data") as found:
        yield found


@contextmanager
def commits() -> Iterator[Counter[str]]:
    """Count the crash points that the block passes."""
    passed: Counter[str] = Counter()
    with watched_by(lambda name: passed.update([name])):
        yield passed


def adds(title: str) -> Callable[[Session], str]:
    def work(session: Session) -> str:
        session.add(Book(title=title))
        return title

    return work


def titles(session: Session) -> list[str]:
    return sorted(session.scalars(select(Book.title)))


def refuse(session: Session) -> None:
    session.add(Book(title="of a unit that refuses"))
    session.flush()
    raise Conflict("Not today.")


def orphan(session: Session) -> None:
    """Fail at the commit, not before."""
    session.execute(text("PRAGMA defer_foreign_keys=ON"))
    session.add(Chapter(book_id=new_id(), title="Of no book"))


async def queued(store: SqlStore, works: Sequence[Callable[[Session], Any]]) -> list[Any]:
    """Outcomes of units of work that all waited while another had the file."""
    started, go = threading.Event(), threading.Event()

    def hold(session: Session) -> None:
        started.set()
        assert go.wait(SECONDS)

    holding = asyncio.ensure_future(store.run(hold))
    await eventually(started.is_set)
    running = [asyncio.ensure_future(store.run(work)) for work in works]
    await asyncio.sleep(0)
    go.set()
    await holding
    return await asyncio.gather(*running, return_exceptions=True)


async def test_units_that_wait_together_share_a_commit(harness: SqliteHarness) -> None:
    store = harness.store()
    with acting_in("acme"):
        await store.prepare()
        with commits() as passed:
            answers = await queued(store, [adds(str(number)) for number in range(16)])
        assert answers == [str(number) for number in range(16)]
        assert len(await store.read(titles)) == 16
    assert passed[COMMITTED] == 2, "one of who held the file, one of the sixteen"


async def test_one_that_refuses_takes_nothing_of_the_others_with_it(
    harness: SqliteHarness,
) -> None:
    store = harness.store()
    with acting_in("acme"):
        answers = await queued(store, [adds("a"), refuse, adds("b")])
        assert isinstance(answers[1], Conflict)
        assert [answers[0], answers[2]] == ["a", "b"]
        assert await store.read(titles) == ["a", "b"]


async def test_each_sees_what_those_before_it_did(harness: SqliteHarness) -> None:
    store = harness.store()
    with acting_in("acme"):
        answers = await queued(store, [adds("a"), titles, refuse, titles, adds("b"), titles])
    assert [answers[1], answers[3], answers[5]] == [["a"], ["a"], ["a", "b"]]


async def test_one_that_fails_at_the_commit_fails_alone(harness: SqliteHarness) -> None:
    store = harness.store()
    with acting_in("acme"):
        answers = await queued(store, [adds("a"), orphan, adds("b")])
        assert isinstance(answers[1], ConstraintViolated)
        assert await store.read(titles) == ["a", "b"]


async def test_a_fault_of_the_disk_is_met_by_each_alone(
    harness: SqliteHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = harness.store()
    execute = SqliteDriver.execute

    def full(self: SqliteDriver, sql: str, parameters: Any) -> int:
        if "unlucky" in parameters:
            raise no_room()
        return execute(self, sql, parameters)

    with acting_in("acme"):
        await store.prepare()
        monkeypatch.setattr(SqliteDriver, "execute", full)
        answers = await queued(store, [adds("a"), adds("unlucky"), adds("b")])
        monkeypatch.undo()
        assert isinstance(answers[1], Unavailable)
        assert [answers[0], answers[2]] == ["a", "b"]
        assert await store.read(titles) == ["a", "b"]


@contextmanager
def commit_that_fails_once(
    monkeypatch: pytest.MonkeyPatch, error: sqlite3.OperationalError
) -> Iterator[None]:
    """The next commit of several units fails, and the database ends its transaction."""
    commit, left = SqliteDriver.commit, [error]

    def fail(self: SqliteDriver) -> None:
        if left and self.fetch("SELECT count(*) FROM books", ())[0][0] > 1:
            self.roll_back()
            raise left.pop()
        commit(self)

    with monkeypatch.context() as patched:
        patched.setattr(SqliteDriver, "commit", fail)
        yield
    assert not left


async def test_a_disk_that_is_full_at_the_commit_is_met_by_each_alone(
    harness: SqliteHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = harness.store()
    with acting_in("acme"):
        await store.prepare()
        with commit_that_fails_once(monkeypatch, no_room()):
            answers = await queued(store, [adds("a"), refuse, adds("b")])
        assert [answers[0], answers[2]] == ["a", "b"]
        assert isinstance(answers[1], Conflict)
        assert await store.read(titles) == ["a", "b"]


async def test_a_commit_of_which_nobody_knows_is_told_to_those_whom_it_was_for(
    harness: SqliteHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    store = harness.store()
    with acting_in("acme"):
        await store.prepare()
        with commit_that_fails_once(monkeypatch, error):
            answers = await queued(store, [adds("a"), refuse, adds("b")])
        assert isinstance(answers[0], Unavailable)
        assert isinstance(answers[1], Conflict)
        assert isinstance(answers[2], Unavailable)
        assert await store.run(adds("c")) == "c"


async def test_one_that_nobody_waits_for_any_more_is_not_kept(harness: SqliteHarness) -> None:
    store = harness.store()
    begun, go = threading.Event(), threading.Event()

    def slow(session: Session) -> None:
        session.add(Book(title="slow"))
        begun.set()
        assert go.wait(SECONDS)

    with acting_in("acme"):
        await store.prepare()
        running: list[asyncio.Future[Any]] = []

        async def others() -> list[Any]:
            return await queued(store, [adds("a"), slow, adds("b")])

        both = asyncio.ensure_future(others())
        await eventually(begun.is_set)
        running = [task for task in asyncio.all_tasks() if _runs_slow(task, slow)]
        assert len(running) == 1
        running[0].cancel()
        await asyncio.sleep(0)
        go.set()
        answers = await both
        assert isinstance(answers[1], asyncio.CancelledError)
        assert await store.read(titles) == ["a", "b"]


def _runs_slow(task: "asyncio.Task[Any]", work: Callable[[Session], Any]) -> bool:
    frame = task.get_stack(limit=1)
    return bool(frame) and frame[-1].f_locals.get("work") is work


async def test_what_a_unit_changed_outside_is_restored_before_it_runs_again(
    harness: SqliteHarness,
) -> None:
    counted: list[str] = []

    def counts(session: Session) -> None:
        assert not counted
        counted.append("once")
        session.if_undone(counted.clear)
        session.add(Book(title="counted"))

    store = harness.store()
    with acting_in("acme"):
        answers = await queued(store, [counts, orphan])
        assert answers[0] is None
        assert counted == ["once"]
        assert await store.read(titles) == ["counted"]


async def test_events_and_changes_are_told_of_each_unit(harness: SqliteHarness) -> None:
    store = harness.store()
    with acting_in("acme"):
        await store.prepare()
        harness.watcher.changes.clear()
        await queued(store, [adds("a"), refuse, adds("b")])
    told = [changed for _, changed in harness.watcher.changes if changed.rows]
    assert len(told) == 2


class TestLingering:
    async def test_it_goes_with_the_next_and_costs_no_commit(self, harness: SqliteHarness) -> None:
        store = harness.store()
        with acting_in("acme"):
            await store.prepare()
            with commits() as passed:
                patient = asyncio.ensure_future(store.run(adds("patient"), linger=SECONDS))
                await asyncio.sleep(0)
                await store.run(adds("a"))
                assert await asyncio.wait_for(patient, SECONDS / 2) == "patient"
            assert passed[COMMITTED] == 1
            assert await store.read(titles) == ["a", "patient"]

    async def test_it_goes_alone_when_nobody_comes(self, harness: SqliteHarness) -> None:
        store = harness.store()
        with acting_in("acme"):
            assert await store.run(adds("patient"), linger=0.01) == "patient"

    async def test_a_store_that_closes_keeps_it(self, harness: SqliteHarness) -> None:
        store = harness.store()
        with acting_in("acme"):
            await store.prepare()
            patient = asyncio.ensure_future(store.run(adds("patient"), linger=SECONDS))
            await asyncio.sleep(0)
            await asyncio.wait_for(store.close(), SECONDS / 2)
            assert await patient == "patient"

    async def test_it_hears_of_its_own_failure(self, harness: SqliteHarness) -> None:
        store = harness.store()
        with acting_in("acme"):
            await store.prepare()
            patient = asyncio.ensure_future(store.run(refuse, linger=SECONDS))
            await asyncio.sleep(0)
            await store.run(adds("a"))
            with pytest.raises(Conflict):
                await asyncio.wait_for(patient, SECONDS / 2)
            assert await store.read(titles) == ["a"]


KINDS: dict[str, Callable[[str], Callable[[Session], Any]]] = {
    "adds": adds,
    "refuses": lambda title: refuse,
    "orphans": lambda title: orphan,
    "looks": lambda title: titles,
}


@given(kinds=st.lists(st.sampled_from(sorted(KINDS)), max_size=12))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_together_comes_to_the_same_as_one_by_one(tmp_path: Path, kinds: list[str]) -> None:
    works = [KINDS[kind](f"{number:02}") for number, kind in enumerate(kinds)]

    async def one_by_one(store: SqlStore) -> list[Any]:
        return [await _outcome(store.run(work)) for work in works]

    folder = tmp_path / str(new_id())
    alone = asyncio.run(_outcomes(folder / "alone", one_by_one))
    together = asyncio.run(_outcomes(folder / "together", partial(queued, works=works)))
    assert _shown(together) == _shown(alone)


async def _outcome(running: Awaitable[Any]) -> Any:
    try:
        return await running
    except Exception as error:
        return error


async def _outcomes(
    folder: Path, run: Callable[[SqlStore], Awaitable[list[Any]]]
) -> tuple[list[Any], list[str]]:
    async with sqlite_harness(folder) as harness:
        store = harness.store()
        with acting_in("acme"):
            return await run(store), await store.read(titles)


def _shown(found: tuple[list[Any], list[str]]) -> tuple[list[Any], list[str]]:
    """Errors by their class: each run has its own."""
    return [type(each) if isinstance(each, Exception) else each for each in found[0]], found[1]


class Panic(BaseException):
    """What a library written in Rust raises when it fails."""


@pytest.mark.parametrize("failure", [asyncio.CancelledError, Panic, StopIteration])
async def test_what_ends_tasks_ends_only_the_unit_that_raises_it(
    harness: SqliteHarness, failure: type[BaseException]
) -> None:
    def ends(session: Session) -> None:
        session.add(Book(title="ends"))
        session.flush()
        raise failure

    store = harness.store()
    with acting_in("acme"):
        answers = await queued(store, [adds("a"), ends, adds("b")])
        assert [answers[0], answers[2]] == ["a", "b"]
        assert isinstance(answers[1], BaseException)
        assert await store.read(titles) == ["a", "b"]
