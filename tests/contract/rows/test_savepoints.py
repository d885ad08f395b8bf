"""Savepoints of a session: what the block wrote and published is undone when it raises."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from colonnade.errors import InternalError
from colonnade.rows import ConstraintViolated
from colonnade.store import Session
from colonnade.tables import OutboxRow
from tests.contract.rows.support.library import Book, BookAdded, Shelf
from tests.contract.rows.support.row_databases import Rows


def undone(session: Session, work: Callable[[], object]) -> None:
    """Do something in a savepoint that is rolled back."""

    def fail() -> None:
        with session.savepoint():
            work()
            raise LookupError

    with pytest.raises(LookupError):
        fail()


def test_a_block_that_ends_well_stays(rows: Rows) -> None:
    with rows.transaction() as session:
        with session.savepoint():
            session.add(Book(id=1, title="Alma"))
        session.add(Book(id=2, title="Beta"))
    with rows.transaction() as session:
        assert session.scalars(select(Book.id).order_by(Book.id)).all() == [1, 2]


def test_rows_of_a_block_that_raises_are_undone(rows: Rows) -> None:
    with rows.transaction() as session:
        session.add(Book(id=1, title="Alma"))
        undone(session, lambda: session.add(Book(id=2, title="Beta")))
        undone(session, lambda: setattr(session.get_one(Book, 1), "title", "Other"))
        session.add(Book(id=3, title="Gamma"))
    with rows.transaction() as session:
        found = session.execute(select(Book.id, Book.title).order_by(Book.id)).all()
        assert found == [(1, "Alma"), (3, "Gamma")]


def test_events_of_a_block_that_raises_are_undone(rows: Rows) -> None:
    with rows.transaction() as session:
        session.publish(BookAdded(book_id=1))
        undone(session, lambda: session.publish(BookAdded(book_id=2)))
        session.publish(BookAdded(book_id=3))
        assert session.published == 2
    with rows.transaction() as session:
        keys = session.scalars(select(OutboxRow.key).order_by(OutboxRow.sequence)).all()
        assert keys == ["1", "3"]


def test_work_left_by_a_block_that_raises_is_undone(session: Session) -> None:
    undone(session, lambda: session.publish(BookAdded(book_id=1)))
    assert not session.pending_work


def test_a_constraint_that_refuses_in_a_block_loses_only_that(rows: Rows) -> None:
    with rows.transaction() as session:
        session.add(Shelf(name="north"))
        with pytest.raises(ConstraintViolated), session.savepoint():
            session.add(Shelf(name="north"))
        session.add(Shelf(name="south"))
    with rows.transaction() as session:
        names = session.scalars(select(Shelf.name).order_by(Shelf.name)).all()
        assert names == ["north", "south"]


def test_savepoints_lie_in_each_other(rows: Rows) -> None:
    with rows.transaction() as session:
        with session.savepoint():
            session.add(Book(id=1, title="Alma"))
            undone(session, lambda: session.add(Book(id=2, title="Beta")))
            with session.savepoint():
                session.add(Book(id=3, title="Gamma"))
        session.add(Book(id=4, title="Delta"))
    with rows.transaction() as session:
        assert session.scalars(select(Book.id).order_by(Book.id)).all() == [1, 3, 4]


def test_an_outer_block_undoes_an_inner_one(rows: Rows) -> None:
    def inner() -> None:
        with session.savepoint():
            session.add(Book(id=1, title="Alma"))

    with rows.transaction() as session:
        undone(session, inner)
    with rows.transaction() as session:
        assert session.get(Book, 1) is None


def test_rows_read_before_are_read_anew_after_a_block_that_raises(session: Session) -> None:
    session.add(Book(id=1, title="Alma"))
    session.flush()
    before = session.get_one(Book, 1)
    undone(session, lambda: setattr(before, "title", "Other"))
    assert session.get_one(Book, 1).title == "Alma"
    with pytest.raises(InternalError):
        before.title = "Beta"


def test_what_was_pending_before_a_block_that_raises_stays(rows: Rows) -> None:
    with rows.transaction() as session:
        session.add(Book(id=1, title="Alma"))
        with session.no_autoflush:
            undone(session, lambda: None)
    with rows.transaction() as session:
        assert session.get_one(Book, 1).title == "Alma"
