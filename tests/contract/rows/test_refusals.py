"""Refusals of a database: constraints by one name everywhere, and no value in any error."""

import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select, text, update

from colonnade.errors import InternalError
from colonnade.identifiers import new_id
from colonnade.rows import ConstraintViolated, prepare
from colonnade.store import Session
from tests.contract.rows.support.all_types import Everything
from tests.contract.rows.support.library import Book, Loan, Shelf, Ticket
from tests.contract.rows.support.row_databases import Rows

SECRET = "ann@example.org"


def _add_twice(session: Session) -> None:
    session.add_all([Shelf(name=SECRET), Shelf(name=SECRET)])
    session.flush()


def _add_one_after_the_other(session: Session) -> None:
    for _ in range(2):
        session.add(Shelf(name=SECRET))
        session.flush()


def _number_twice(session: Session) -> None:
    session.add_all([Ticket(label=SECRET), Ticket(label=SECRET)])
    session.flush()


def _rename(session: Session) -> None:
    session.add_all([Shelf(name=SECRET), other := Shelf(name="other")])
    session.flush()
    other.name = SECRET
    session.flush()


def _upsert(session: Session) -> None:
    session.add(Shelf(name=SECRET))
    session.upsert(Shelf(name=SECRET))


def _prepared(session: Session) -> None:
    session.add_all([Shelf(name=SECRET), Shelf(name="other")])
    session.execute(prepare(update(Shelf).values(name=bindparam("name"))), {"name": SECRET})


def _as_it_is(session: Session) -> None:
    session.add_all([Shelf(name=SECRET), Shelf(name="other")])
    session.execute(update(Shelf).values(name=SECRET))


def _as_text(session: Session) -> None:
    session.add_all([Shelf(name=SECRET), Shelf(name="other")])
    session.execute(text("UPDATE shelves SET name = :name"), {"name": SECRET})


def _returning(session: Session) -> None:
    session.add_all([Shelf(name=SECRET), Shelf(name="other")])
    statement = update(Shelf).values(name=bindparam("name")).returning(Shelf.id)
    session.execute(prepare(statement), {"name": SECRET})


def _same_key(session: Session) -> None:
    session.add(Book(id=1, title=SECRET))
    session.flush()
    session.execute(insert(Book), {"id": 1, "title": SECRET, "notes": {}})


def _no_parent(session: Session) -> None:
    session.add(Book(id=1, title=SECRET, shelf_id=new_id()))
    session.flush()


def _none(session: Session) -> None:
    session.execute(insert(Book), {"id": 1, "title": None, "notes": {"by": SECRET}})


REFUSED: dict[str, Callable[[Session], None]] = {
    "two rows at once": _add_twice,
    "one row after the other": _add_one_after_the_other,
    "numbered rows": _number_twice,
    "a change": _rename,
    "an upsert": _upsert,
    "a prepared statement": _prepared,
    "a statement": _as_it_is,
    "text": _as_text,
    "a statement that returns": _returning,
    "a primary key": _same_key,
    "a foreign key": _no_parent,
    "no value": _none,
}


@pytest.mark.parametrize("way", REFUSED)
def test_a_constraint_refuses_without_telling_values(session: Session, way: str) -> None:
    with pytest.raises(ConstraintViolated) as refused:
        REFUSED[way](session)
    assert str(refused.value)
    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_a_constraint_that_is_looked_at_last_refuses_the_commit(rows: Rows) -> None:
    def lend() -> None:
        with rows.transaction() as session:
            session.add(Loan(book_id=1, reader=SECRET))
            session.flush()
            assert session.get_one(Loan, (1, SECRET)).days == 14

    with pytest.raises(ConstraintViolated) as refused:
        lend()
    assert SECRET not in "".join(traceback.format_exception(refused.value))
    with rows.transaction() as session:
        assert session.scalars(select(Loan)).all() == []


def test_a_constraint_that_is_looked_at_last_is_satisfied_in_time(rows: Rows) -> None:
    with rows.transaction() as session:
        session.execute(insert(Loan), {"book_id": 1, "reader": "ann", "days": 1})
        session.add(Book(id=1, title="Alma"))
    with rows.transaction() as session:
        assert session.get_one(Loan, (1, "ann")).days == 1


def test_work_that_ignores_a_failed_flush_does_not_commit(rows: Rows) -> None:
    def ignore() -> None:
        with rows.transaction() as session:
            session.add_all([Book(id=1, title="Alma"), Shelf(name="a"), Shelf(name="a")])
            with pytest.raises(ConstraintViolated):
                session.flush()

    with pytest.raises(InternalError, match="cannot commit"):
        ignore()
    with rows.transaction() as session:
        assert session.scalars(select(Book)).all() == []
        assert session.scalars(select(Shelf)).all() == []


@pytest.mark.parametrize("prepared", [True, False])
def test_work_that_ignores_one_of_several_values_does_not_commit(
    rows: Rows, prepared: bool
) -> None:
    statement: Any = insert(Book)
    if prepared:
        statement = prepare(statement, columns=("id", "title", "notes"))
    values = [{"id": number, "title": "Alma", "notes": {}} for number in (1, 2, 1, 3)]

    def ignore() -> None:
        with rows.transaction() as session, suppress(ConstraintViolated):
            session.execute(statement, values)

    with pytest.raises(InternalError, match="cannot commit"):
        ignore()
    with rows.transaction() as session:
        assert session.scalars(select(Book.id)).all() == []
        with suppress(ConstraintViolated), session.savepoint():
            session.execute(statement, values)
        session.execute(statement, values[:2])
    with rows.transaction() as session:
        assert session.scalars(select(Book.id).order_by(Book.id)).all() == [1, 2]


MISFITS: dict[str, dict[str, Any]] = {
    "an integer beyond the type": {"whole": 2**80 + 123456789},
    "half of a character": {"words": f"{SECRET}\ud800"},
    "bytes for a time": {"moment": datetime(2001, 2, 3, tzinfo=UTC), "octets": {"by": SECRET}},
}


@pytest.mark.parametrize("misfit", MISFITS)
@pytest.mark.parametrize("prepared", [True, False])
def test_a_value_that_does_not_fit_its_type_is_not_told(
    session: Session, misfit: str, prepared: bool
) -> None:
    values = {"id": 1, **MISFITS[misfit]}
    statement: Any = insert(Everything)
    if prepared:
        statement = prepare(statement, columns=tuple(values))
    with pytest.raises(Exception) as refused:
        session.execute(statement, values)
    told = "".join(traceback.format_exception(refused.value))
    assert SECRET not in told
    assert str(2**80 + 123456789) not in told


def test_a_zero_character_in_text_is_kept_or_refused(rows: Rows, session: Session) -> None:
    """PostgreSQL has no such text: it refuses, with nothing of the text in the error."""
    words = f"{SECRET}\x00"
    session.add(Everything(id=1, words=words))
    if rows.database == "sqlite":
        session.flush()
        assert rows.beside(session.driver).get_one(Everything, 1).words == words
        return
    with pytest.raises(Exception, match="22021") as refused:
        session.flush()
    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_text_in_documents_may_hold_a_zero_character(rows: Rows, session: Session) -> None:
    session.add(Everything(id=1, document={"a\x00": "\x00"}))
    session.flush()
    assert rows.beside(session.driver).get_one(Everything, 1).document == {"a\x00": "\x00"}


def test_a_statement_that_is_wrong_does_not_tell_values(session: Session) -> None:
    with pytest.raises(Exception, match="nowhere") as refused:
        session.execute(text("SELECT * FROM nowhere WHERE a = :a"), {"a": SECRET})
    assert SECRET not in "".join(traceback.format_exception(refused.value))
