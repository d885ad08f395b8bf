"""What a session notes of the rows it reads and changes, where it is easy to miss some."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import ForeignKey, create_engine, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from colonnade.clock import SystemClock
from colonnade.row_tracking import ANY_TABLE, RowSet, track_reads
from colonnade.store import Session
from colonnade.tables import PLACEHOLDER_SCHEMA, tenant_metadata


class Base(DeclarativeBase):
    metadata = tenant_metadata()


class Shelf(Base):
    __tablename__ = "shelves"

    id: Mapped[int] = mapped_column(primary_key=True)
    books: Mapped[list["Book"]] = relationship()


class Book(Base):
    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.shelves.id"))


@pytest.fixture
def new_session() -> Iterator[Callable[[], Session]]:
    engine = create_engine(
        "sqlite://", execution_options={"schema_translate_map": {PLACEHOLDER_SCHEMA: None}}
    )
    with engine.connect() as connection:
        Base.metadata.create_all(connection)

        def make() -> Session:
            return Session(connection, service="library", tenant="acme", clock=SystemClock())

        first = make()
        first.add_all([Shelf(id=1), Book(id=1, title="Alma", shelf_id=1)])
        first.flush()
        yield make
    engine.dispose()


def test_a_row_that_a_relationship_changes_is_noted(new_session: Callable[[], Session]) -> None:
    session = new_session()
    session.delete(session.get_one(Shelf, 1))
    session.flush()
    assert session.changed.overlaps(RowSet({("books", (1,))}))


CHANGES: dict[str, Callable[[Session], Any]] = {
    "on the connection": lambda session: session.connection().execute(
        text("UPDATE books SET title = 'other'")
    ),
    "bulk_save_objects": lambda session: session.bulk_save_objects([Book(id=2, title="New")]),
    "bulk_insert_mappings": lambda session: session.bulk_insert_mappings(
        Book, [{"id": 2, "title": "New"}]
    ),
    "bulk_update_mappings": lambda session: session.bulk_update_mappings(
        Book, [{"id": 1, "title": "Other"}]
    ),
}


@pytest.mark.parametrize("way", CHANGES)
def test_a_change_past_the_session_counts_as_one_of_anything(
    new_session: Callable[[], Session], way: str
) -> None:
    session = new_session()
    CHANGES[way](session)
    assert session.changed.overlaps(RowSet({("books", (1,))}))


def test_a_read_past_the_session_depends_on_anything(new_session: Callable[[], Session]) -> None:
    with track_reads() as reads:
        new_session().connection().execute(select(Book.title))
    assert ANY_TABLE in reads.tables


def test_a_row_read_by_its_key_depends_on_itself_and_a_lazy_list_on_its_table(
    new_session: Callable[[], Session],
) -> None:
    with track_reads() as reads:
        session = new_session()
        shelf = session.get_one(Shelf, 1)
        assert (reads.rows, reads.tables) == ({("shelves", (1,))}, set())
        assert [book.title for book in shelf.books] == ["Alma"]
    assert "books" in reads.tables
