"""What a session notes of the rows it reads and changes, where it is easy to miss some."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, insert, select, text, update

from colonnade.identifiers import new_id
from colonnade.rows import prepare
from colonnade.rows.row_tracking import ANY_TABLE, RowSet, track_reads
from colonnade.store import Session
from tests.contract.rows.support.library import Book, Shelf
from tests.contract.rows.support.row_databases import Rows

SHELF, ABSENT = new_id(), new_id()


@pytest.fixture
def new_session(rows: Rows, session: Session) -> Callable[[], Session]:
    """New sessions in the transaction of one that has put a book on a shelf."""
    session.add_all([Shelf(id=SHELF, name="north"), Book(id=1, title="Alma", shelf_id=SHELF)])
    rows.call(session.flush)
    return lambda: rows.beside(session.driver)


def test_rows_that_the_database_deletes_by_itself_are_noted(
    new_session: Callable[[], Session],
) -> None:
    session = new_session()
    session.delete(session.get_one(Shelf, SHELF))
    session.flush()
    assert session.changed.overlaps(RowSet({("books", (1,))}))


def _retitle(session: Session) -> None:
    session.get_one(Book, 1).title = "Other"
    session.flush()


def _move(session: Session) -> None:
    session.upsert(Book(id=1, title="Other"))


CHANGES: dict[str, Callable[[Session], Any]] = {
    "a column set": _retitle,
    "an upsert": _move,
    "an update": lambda session: session.execute(update(Book).values(title="Other")),
    "a delete": lambda session: session.execute(delete(Book)),
    "several inserts": lambda session: session.execute(
        insert(Book), [{"id": 2, "title": "New", "notes": {}}]
    ),
    "a prepared update": lambda session: session.execute(
        prepare(update(Book).values(title=bindparam("title"))), {"title": "Other"}
    ),
    "plain text": lambda session: session.execute(text("UPDATE books SET title = 'other'")),
}


@pytest.mark.parametrize("way", CHANGES)
def test_every_way_to_change_a_row_is_noted(new_session: Callable[[], Session], way: str) -> None:
    session = new_session()
    CHANGES[way](session)
    assert session.changed.overlaps(RowSet({("books", (1,))}))
    assert not session.changed.overlaps(RowSet({("shelves", (SHELF,))})) or way == "plain text"


READS: dict[str, Callable[[Session], Any]] = {
    "rows": lambda session: session.scalars(select(Book)),
    "a column": lambda session: session.scalar(select(Book.title)),
    "a join": lambda session: session.execute(select(Shelf.id).join(Book)),
    "a subquery": lambda session: session.execute(
        select(Shelf.id).where(Shelf.id.in_(select(Book.shelf_id)))
    ),
    "prepared": lambda session: session.scalars(prepare(select(Book))),
}


@pytest.mark.parametrize("way", READS)
def test_a_query_depends_on_the_tables_that_it_names(
    new_session: Callable[[], Session], way: str
) -> None:
    with track_reads() as reads:
        READS[way](new_session())
    assert "books" in reads.tables


def test_plain_text_depends_on_anything(new_session: Callable[[], Session]) -> None:
    with track_reads() as reads:
        new_session().execute(text("SELECT title FROM books"))
    assert ANY_TABLE in reads.tables


def test_a_row_read_by_its_key_depends_on_itself_alone(
    new_session: Callable[[], Session],
) -> None:
    with track_reads() as reads:
        new_session().get_one(Shelf, SHELF)
    assert (reads.rows, reads.tables) == ({("shelves", (SHELF,))}, set())


def test_a_row_that_is_not_there_is_read_too(new_session: Callable[[], Session]) -> None:
    """Its insert must drop the answer that said there was none."""
    with track_reads() as reads:
        assert new_session().get(Shelf, ABSENT) is None
    session = new_session()
    session.add(Shelf(id=ABSENT, name="south"))
    session.flush()
    assert reads.overlaps(session.changed)
