"""Declarations of rows that are easily got wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import ForeignKey, String, delete, select

from colonnade.rows import Column, Prepared, Row, column, prepare, tenant_metadata
from tests.row_sessions import row_sessions

if TYPE_CHECKING:
    from datetime import datetime


class Base(Row):
    metadata = tenant_metadata()


def test_annotations_may_be_texts() -> None:
    class Note(Base):
        __tablename__ = "notes"

        id: Column[UUID] = column(primary_key=True)
        text: Column[str | None] = column(String(20), default=None)

    assert Note.__table__.columns.keys() == ["id", "text"]
    assert Note.__table__.c.text.nullable
    assert Note(id=UUID(int=1)).text is None


def test_a_name_that_only_type_checkers_know_is_named() -> None:
    with pytest.raises(TypeError, match=r"'at'.*datetime is not a name of the module"):

        class Moment(Base):
            __tablename__ = "moments"

            id: Column[UUID] = column(primary_key=True)
            at: Column[datetime]


def test_a_table_without_metadata_says_what_is_missing() -> None:
    with pytest.raises(TypeError, match="metadata = tenant_metadata"):

        class Lost(Row):
            __tablename__ = "lost"

            id: Column[UUID] = column(primary_key=True)


def test_a_column_that_is_set_to_a_plain_value_is_refused() -> None:
    with pytest.raises(TypeError, match=r"say column\(default=…\)"):

        class Wrong(Base):
            __tablename__ = "wrong"

            id: Column[UUID] = column(primary_key=True)
            count: Column[int] = 0  # type: ignore[assignment]


def test_a_type_without_a_column_of_its_own_is_named() -> None:
    with pytest.raises(TypeError, match=r"'names' is .*say column"):

        class Listed(Base):
            __tablename__ = "listed"

            id: Column[UUID] = column(primary_key=True)
            names: Column[list[str]]


def test_what_is_no_column_cannot_be_set() -> None:
    class Book(Base):
        __tablename__ = "books"

        id: Column[UUID] = column(primary_key=True)
        title: Column[str]

    book = Book(id=UUID(int=1), title="Alma")
    with pytest.raises(AttributeError, match="Book has no column 'titel'"):
        book.titel = "Beta"  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="title"):
        Book(id=UUID(int=1))  # type: ignore[call-arg]


def test_a_row_shows_its_key_and_nothing_else() -> None:
    class Account(Base):
        __tablename__ = "accounts"

        id: Column[int] = column(primary_key=True)
        email: Column[str]

    assert repr(Account(id=7, email="ada@example.org")) == "<Account id=7>"


def test_a_prepared_deletion_knows_of_tables_that_are_declared_after_it() -> None:
    class Shelf(Base):
        __tablename__ = "shelves"

        id: Column[int] = column(primary_key=True)

    clearing: Prepared[()] = prepare(delete(Shelf))

    class Leaf(Base):
        __tablename__ = "leaves"

        id: Column[int] = column(primary_key=True)
        shelf_id: Column[int] = column(ForeignKey("shelves.id", ondelete="CASCADE"))

    assert clearing.writes == {"shelves", "leaves"}


def test_a_database_gives_out_integer_keys_that_it_is_asked_for() -> None:
    """As the page on rows declares them; SQLite does it for columns of the type INTEGER alone."""

    class Base(Row):
        metadata = tenant_metadata()

    class TicketRow(Base):
        __tablename__ = "tickets"

        number: Column[int] = column(primary_key=True, autoincrement=True, init=False)
        title: Column[str]

    with row_sessions(Base.metadata) as new_session:
        session = new_session()
        session.add(TicketRow(title="One"))
        session.add(TicketRow(title="Two"))
        session.finish()
        found = new_session().scalars(select(TicketRow).order_by(TicketRow.number))
        assert [(row.number, row.title) for row in found] == [(1, "One"), (2, "Two")]
