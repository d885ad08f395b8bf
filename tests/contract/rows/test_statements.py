"""Statements of a session: prepared or not, they answer the same on every database."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, func, insert, literal, select, text, update
from sqlalchemy.exc import MultipleResultsFound, NoResultFound, StatementError

from colonnade.rows import prepare
from colonnade.store import Session
from tests.contract.rows.support.library import Book, Shelf
from tests.contract.rows.support.row_databases import Rows

Way = Callable[[Any], Any]

WAYS: dict[str, Way] = {"prepared": prepare, "as it is": lambda statement: statement}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    """How a statement is given to a session."""
    return WAYS[request.param]


@pytest.fixture
def library(rows: Rows, session: Session) -> Session:
    """A session with one shelf and three books on it."""

    def fill() -> None:
        shelf = Shelf(name="north")
        session.add(shelf)
        for number, title in enumerate(["Alma", "Beta", "Gamma"], 1):
            session.add(Book(id=number, title=title, shelf_id=shelf.id))
        session.flush()

    rows.call(fill)
    return session


def test_rows_are_answered(library: Session, way: Way) -> None:
    books = library.scalars(way(select(Book).order_by(Book.id))).all()
    assert [book.title for book in books] == ["Alma", "Beta", "Gamma"]
    assert books[0] is library.get(Book, 1)


def test_values_of_a_column_are_answered(library: Session, way: Way) -> None:
    assert library.scalars(way(select(Book.title).order_by(Book.title))).all() == [
        "Alma",
        "Beta",
        "Gamma",
    ]


def test_one_value_is_answered(library: Session, way: Way) -> None:
    assert library.scalar(way(select(func.count()).select_from(Book))) == 3
    assert library.scalar(way(select(Book.title).where(Book.id == 9))) is None


def test_columns_are_answered_by_name(library: Session, way: Way) -> None:
    [record] = library.execute(way(select(Book.id, Book.title).where(Book.id == 2)))
    assert record == (2, "Beta")
    assert (record.id, record.title) == (2, "Beta")


def test_rows_and_columns_are_answered_together(library: Session, way: Way) -> None:
    statement = (
        select(Book, Shelf.name, Shelf, func.length(Book.title))
        .join(Shelf, Shelf.id == Book.shelf_id)
        .where(Book.id == 3)
    )
    [(book, name, shelf, length)] = library.execute(way(statement))
    assert (book.title, name, length) == ("Gamma", "north", 5)
    assert shelf is library.scalars(select(Shelf)).one()
    assert book is library.get(Book, 3)


def test_columns_may_share_a_name(library: Session, way: Way) -> None:
    statement = select(Book.id, Shelf.id).join(Shelf, Shelf.id == Book.shelf_id)
    records = library.execute(way(statement.order_by(Book.id))).all()
    assert [record[0] for record in records] == [1, 2, 3]
    assert len({record[1] for record in records}) == 1


def test_nothing_is_answered(library: Session, way: Way) -> None:
    result = library.execute(way(select(Book).where(Book.id == 9)))
    assert (result.first(), result.one_or_none(), result.all()) == (None, None, [])
    with pytest.raises(NoResultFound):
        result.one()


def test_several_records_are_not_one(library: Session, way: Way) -> None:
    with pytest.raises(MultipleResultsFound):
        library.execute(way(select(Book))).one()


def test_nothing_joined_is_nothing(library: Session, way: Way) -> None:
    library.add(Book(id=4, title="Delta"))
    statement = select(Book.title, Shelf.name).outerjoin(Shelf, Shelf.id == Book.shelf_id)
    assert library.execute(way(statement.where(Book.id == 4))).one() == ("Delta", None)


def test_values_are_bound_by_name(library: Session, way: Way) -> None:
    statement = select(Book.title).where(Book.id.between(bindparam("low"), bindparam("high")))
    found = library.scalars(way(statement.order_by(Book.id)), {"low": 2, "high": 3})
    assert found.all() == ["Beta", "Gamma"]


def test_a_value_that_is_bound_twice_is_given_once(library: Session, way: Way) -> None:
    word = bindparam("word", type_=Book.title.type)
    statement = select(Book.id).where((Book.title == word) | (Book.title == word + "x"))
    assert library.scalars(way(statement), {"word": "Alma"}).all() == [1]


def test_a_value_in_the_statement_stays(library: Session, way: Way) -> None:
    statement = select(Book.title, literal("here")).where(Book.id == 1)
    assert library.execute(way(statement)).one() == ("Alma", "here")


def test_none_is_found_with_is(library: Session, way: Way) -> None:
    library.add(Book(id=4, title="Delta"))
    assert library.scalars(way(select(Book.id).where(Book.shelf_id.is_(None)))).all() == [4]


def test_an_update_says_how_many_rows_it_met(library: Session, way: Way) -> None:
    statement = update(Book).where(Book.id > 1).values(title="Other")
    assert library.execute(way(statement)).rowcount == 2
    assert library.execute(way(statement.where(Book.id > 9))).rowcount == 0


def test_a_delete_says_how_many_rows_it_met(library: Session, way: Way) -> None:
    statement = delete(Book).where(Book.id == bindparam("number"))
    assert library.execute(way(statement), {"number": 1}).rowcount == 1
    assert library.execute(way(statement), {"number": 1}).rowcount == 0


def test_an_insert_says_how_many_rows_it_made(library: Session, way: Way) -> None:
    statement = insert(Book).values(id=bindparam("i"), title="New", notes={})
    assert library.execute(way(statement), {"i": 7}).rowcount == 1
    assert library.get_one(Book, 7).title == "New"


def test_a_statement_answers_what_it_returns(library: Session, way: Way) -> None:
    statement = update(Book).where(Book.id > 1).values(title="Other").returning(Book.id)
    result = library.execute(way(statement))
    assert sorted(result.scalars()) == [2, 3]
    assert result.rowcount == 2


def test_rows_are_inserted_from_a_list(library: Session, way: Way) -> None:
    statement = insert(Book)
    columns = ("id", "title", "notes")
    given = prepare(statement, columns=columns) if way is prepare else statement
    values = [{"id": i, "title": f"T{i}", "notes": {}} for i in range(10, 40)]
    library.execute(given, values)
    assert library.scalar(select(func.count()).select_from(Book)) == 33


def test_an_empty_list_inserts_nothing(library: Session, way: Way) -> None:
    given = prepare(insert(Book), columns=("id",)) if way is prepare else insert(Book)
    assert library.execute(given, []).rowcount == 0
    assert library.scalar(select(func.count()).select_from(Book)) == 3


def test_a_time_without_a_zone_is_refused(library: Session, way: Way) -> None:
    query = select(Shelf).where(Shelf.created_at == bindparam("moment"))
    with pytest.raises((StatementError, ValueError), match="without a zone"):
        library.execute(way(query), {"moment": datetime(2030, 1, 1)})  # noqa: DTZ001


def test_statements_see_what_others_wrote_to_rows_read_before(library: Session, way: Way) -> None:
    assert library.get_one(Book, 1).title == "Alma"
    library.execute(way(update(Book).values(title="Other")))
    assert library.get_one(Book, 1).title == "Other"
    library.execute(way(delete(Book)))
    assert library.get(Book, 1) is None


def test_a_prepared_statement_counts_the_rows_of_every_value(library: Session) -> None:
    statement = prepare(
        update(Book).where(Book.id >= bindparam("low")).values(title=bindparam("name"))
    )
    values = [{"low": 1, "name": "A"}, {"low": 3, "name": "B"}, {"low": 9, "name": "C"}]
    assert library.execute(statement, values).rowcount == 4
    assert library.scalars(select(Book.title).order_by(Book.id)).all() == ["A", "A", "B"]


def test_a_list_cannot_be_prepared(library: Session) -> None:
    with pytest.raises(ValueError, match="cannot be prepared"):
        library.scalars(prepare(select(Book).where(Book.id.in_([1, 2]))))
    found = library.scalars(select(Book.title).where(Book.id.in_([1, 2])).order_by(Book.id))
    assert found.all() == ["Alma", "Beta"]


def test_plain_text_reads_and_writes(library: Session) -> None:
    found = library.execute(text("SELECT id, title FROM books WHERE id = :number"), {"number": 2})
    assert found.one() == (2, "Beta")
    changed = library.execute(text("UPDATE books SET title = :title"), {"title": "Other"})
    assert changed.rowcount == 3
    assert library.get_one(Book, 1).title == "Other"


def test_plain_text_sees_what_is_pending(library: Session) -> None:
    library.add(Book(id=4, title="Delta"))
    assert library.scalar(text("SELECT count(*) FROM books")) == 4  # type: ignore[call-overload]


def test_values_that_are_not_named_are_missed(library: Session) -> None:
    statement = prepare(select(Book).where(Book.id == bindparam("number")))
    with pytest.raises(KeyError, match="number"):
        library.scalars(statement, {"other": 1})
