"""Rows: added, found, changed and deleted by a session, alike on every database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import NoResultFound

from colonnade.errors import InternalError
from colonnade.rows import StaleRow
from colonnade.store import Session
from tests.contract.rows.support.library import Book, Door, Loan, Shelf, Ticket
from tests.contract.rows.support.row_databases import Rows


def beside(rows: Rows, session: Session) -> Session:
    """Somebody else in the same transaction."""
    return rows.beside(session.driver)


def shelved(session: Session, name: str = "north") -> Shelf:
    shelf = Shelf(name=name)
    session.add(shelf)
    session.flush()
    return shelf


def test_a_row_that_was_added_is_found_by_its_key(rows: Rows) -> None:
    with rows.transaction() as session:
        session.add(Book(id=1, title="Alma", notes={"by": "hand"}))
    with rows.transaction() as session:
        book = session.get_one(Book, 1)
        assert (book.title, book.shelf_id, book.notes) == ("Alma", None, {"by": "hand"})


def test_a_row_that_is_not_there_is_nothing_or_an_error(session: Session) -> None:
    assert session.get(Book, 7) is None
    with pytest.raises(NoResultFound, match="no Book"):
        session.get_one(Book, 7)


def test_a_row_is_found_by_a_key_of_several_columns(rows: Rows, session: Session) -> None:
    session.add_all([Book(id=1, title="Alma"), Loan(book_id=1, reader="ann", days=3)])
    session.flush()
    assert beside(rows, session).get_one(Loan, (1, "ann")).days == 3
    assert session.get(Loan, (1, "bob")) is None


def test_a_change_is_written_and_only_what_changed(rows: Rows, session: Session) -> None:
    session.add(Book(id=1, title="Alma", notes={"by": "hand"}))
    session.flush()
    other = beside(rows, session)
    other.execute(update(Book).values(notes={"by": "another"}))
    session.get_one(Book, 1).title = "Beta"
    session.flush()
    book = beside(rows, session).get_one(Book, 1)
    assert (book.title, book.notes) == ("Beta", {"by": "another"})


def test_a_row_that_was_deleted_is_gone(rows: Rows, session: Session) -> None:
    session.add(Book(id=1, title="Alma"))
    session.flush()
    session.delete(session.get_one(Book, 1))
    assert session.get(Book, 1) is None
    session.flush()
    assert session.get(Book, 1) is None
    assert beside(rows, session).get(Book, 1) is None


def test_a_row_that_was_added_and_deleted_is_never_written(session: Session) -> None:
    book = Book(id=1, title="Alma")
    session.add(book)
    session.delete(book)
    assert not session.has_changes
    session.flush()
    assert session.scalars(select(Book)).all() == []


def test_parents_are_inserted_before_children_and_deleted_after_them(session: Session) -> None:
    shelf = Shelf(name="north")
    book = Book(id=1, title="Alma", shelf_id=shelf.id)
    session.add_all([Loan(book_id=1, reader="ann"), book, shelf])
    session.flush()
    for row in (shelf, book, session.get_one(Loan, (1, "ann"))):
        session.delete(row)
    session.flush()
    assert session.scalars(select(Shelf)).all() == []


def test_a_row_gets_a_uuid_of_version_seven(rows: Rows, session: Session) -> None:
    shelf = shelved(session)
    assert shelf.id.version == 7
    found = beside(rows, session).get_one(Shelf, shelf.id)
    assert isinstance(found.id, UUID)


def test_a_row_says_when_it_was_made_and_last_changed(rows: Rows, session: Session) -> None:
    shelf = shelved(session)
    made = session.now
    session.now += timedelta(hours=1)
    shelf.name = "south"
    session.flush()
    found = beside(rows, session).get_one(Shelf, shelf.id)
    assert (found.created_at, found.updated_at) == (made, session.now)
    assert (shelf.created_at, shelf.updated_at) == (made, session.now)


def test_a_row_that_is_imported_says_when_it_was_made(session: Session) -> None:
    made = datetime(2001, 2, 3, tzinfo=UTC)
    shelf = Shelf(name="north", created_at=made)
    session.add(shelf)
    session.flush()
    assert (shelf.created_at, shelf.updated_at) == (made, session.now)


def test_a_row_set_to_what_it_is_has_not_changed(session: Session) -> None:
    shelf = shelved(session)
    made = session.now
    session.now += timedelta(hours=1)
    shelf.name = "north"
    assert not session.is_modified(shelf)
    session.flush()
    assert (shelf.updated_at, shelf.version) == (made, 1)


def test_a_row_set_back_to_what_it_was_has_not_changed(session: Session) -> None:
    shelf = shelved(session)
    shelf.name = "south"
    assert session.is_modified(shelf)
    shelf.name = "north"
    assert not session.is_modified(shelf)
    session.flush()
    assert shelf.version == 1


def test_every_change_counts_the_version(rows: Rows, session: Session) -> None:
    shelf = shelved(session)
    for name in ("south", "east"):
        shelf.name = name
        session.flush()
    assert shelf.version == 3
    assert beside(rows, session).get_one(Shelf, shelf.id).version == 3


def test_a_change_of_a_row_that_somebody_else_changed_fails(rows: Rows, session: Session) -> None:
    shelf = shelved(session)
    other = beside(rows, session)
    other.get_one(Shelf, shelf.id).name = "east"
    other.flush()
    shelf.name = "south"
    with pytest.raises(StaleRow, match="changed or deleted"):
        session.flush()


def test_a_change_of_a_row_that_somebody_else_deleted_fails(rows: Rows, session: Session) -> None:
    session.add(Book(id=1, title="Alma"))
    session.flush()
    beside(rows, session).execute(delete(Book))
    session.get_one(Book, 1).title = "Beta"
    with pytest.raises(StaleRow):
        session.flush()


def test_a_row_of_another_version_is_not_deleted(rows: Rows, session: Session) -> None:
    shelf = shelved(session)
    other = beside(rows, session)
    other.get_one(Shelf, shelf.id).name = "east"
    other.flush()
    session.delete(shelf)
    with pytest.raises(StaleRow):
        session.flush()


def test_a_primary_key_is_not_changed(session: Session) -> None:
    shelf = shelved(session)
    shelf.id = uuid4()
    with pytest.raises(InternalError, match="primary key"):
        session.flush()


def test_an_upsert_inserts(rows: Rows, session: Session) -> None:
    shelf = Shelf(name="north")
    session.upsert(shelf)
    found = beside(rows, session).get_one(Shelf, shelf.id)
    assert (found.name, found.version, found.created_at) == ("north", 1, session.now)


def test_an_upsert_changes_all_but_the_time_of_making(rows: Rows, session: Session) -> None:
    shelf = shelved(session)
    made = session.now
    session.now += timedelta(hours=1)
    session.upsert(Shelf(id=shelf.id, name="south", room="attic"))
    found = session.get_one(Shelf, shelf.id)
    assert (found.name, found.room, found.version) == ("south", "attic", 2)
    assert (found.created_at, found.updated_at) == (made, session.now)


@pytest.mark.parametrize("which", ["read before", "given"])
def test_what_was_upserted_is_got_again_before_it_is_changed(session: Session, which: str) -> None:
    """Nobody would write the change."""
    read = shelved(session)
    given = Shelf(id=read.id, name="south", room="attic")
    session.upsert(given)
    with pytest.raises(InternalError, match="Get the row again"):
        (read if which == "read before" else given).name = "west"
    session.get_one(Shelf, read.id).name = "west"
    session.flush()
    assert session.scalars(select(Shelf.name)).all() == ["west"]


def test_an_upsert_sees_what_was_added_before(session: Session) -> None:
    session.add(Book(id=1, title="Alma"))
    session.upsert(Book(id=1, title="Beta"))
    assert session.get_one(Book, 1).title == "Beta"


def test_the_database_gives_numbers_in_the_order_of_adding(session: Session) -> None:
    tickets = [Ticket(label=label) for label in "abc"]
    session.add_all(tickets)
    session.flush()
    numbers = [ticket.number for ticket in tickets]
    assert numbers == sorted(set(numbers))
    assert session.scalars(select(Ticket.label).order_by(Ticket.number)).all() == [*"abc"]


def test_a_row_that_the_database_numbered_is_known_by_its_number(session: Session) -> None:
    first, second = Ticket(label="a"), Ticket(label="b")
    session.add_all([first, second])
    session.flush()
    assert session.get(Ticket, first.number) is first
    session.add(second)
    second.label = "c"
    session.flush()
    assert session.scalars(select(Ticket.label).order_by(Ticket.number)).all() == ["a", "c"]


def test_numbered_rows_that_are_not_written_are_not_mistaken_for_each_other(
    rows: Rows, session: Session
) -> None:
    first, second = Ticket(label="a"), Ticket(label="b")
    session.add_all([first, second])
    session.delete(first)
    session.flush()
    second.label = "c"
    session.flush()
    assert beside(rows, session).scalars(select(Ticket.label)).all() == ["c"]


def test_columns_may_have_any_name(rows: Rows, session: Session) -> None:
    session.add(Door(key_id=1, id=2, lock="a", new_lock="b", key_lock="c"))
    session.flush()
    door = beside(rows, session).get_one(Door, 1)
    assert (door.id, door.lock, door.new_lock, door.key_lock) == (2, "a", "b", "c")
    found = session.get_one(Door, 1)
    found.lock, found.new_lock, found.key_lock = "d", "e", "f"
    session.upsert(Door(key_id=3, id=4, lock="g", new_lock="h", key_lock="i"))
    door = beside(rows, session).get_one(Door, 1)
    assert (door.id, door.lock, door.new_lock, door.key_lock) == (2, "d", "e", "f")
    assert beside(rows, session).get_one(Door, 3).key_lock == "i"


def test_a_row_is_one_object_however_it_is_found(session: Session) -> None:
    shelf = shelved(session)
    assert session.get(Shelf, shelf.id) is shelf
    assert session.scalars(select(Shelf)).one() is shelf
    assert session.execute(select(Shelf, Shelf.name)).one()[0] is shelf
    assert session.scalar(select(Shelf).where(Shelf.name == "north")) is shelf


def test_a_row_that_is_read_again_keeps_changes_that_are_not_written(session: Session) -> None:
    shelf = shelved(session)
    shelf.name = "south"
    with session.no_autoflush:
        [found] = session.scalars(select(Shelf))
    assert found is shelf
    assert found.name == "south"


def test_statements_see_what_is_pending(session: Session) -> None:
    shelf = shelved(session)
    session.add(Book(id=1, title="Alma"))
    shelf.name = "south"
    assert session.scalars(select(Book.title)).all() == ["Alma"]
    assert session.scalar(select(Shelf.name)) == "south"


def test_without_autoflush_statements_do_not_see_what_is_pending(session: Session) -> None:
    session.add(Book(id=1, title="Alma"))
    with session.no_autoflush:
        assert session.scalars(select(Book.title)).all() == []
    assert session.scalars(select(Book.title)).all() == ["Alma"]


def test_a_row_is_refreshed(rows: Rows, session: Session) -> None:
    shelf = shelved(session)
    beside(rows, session).execute(update(Shelf).values(name="east"))
    assert shelf.name == "north"
    session.refresh(shelf)
    assert shelf.name == "east"
    assert not session.is_modified(shelf)


def test_a_row_that_is_gone_cannot_be_refreshed(rows: Rows, session: Session) -> None:
    shelf = shelved(session)
    beside(rows, session).execute(delete(Shelf))
    with pytest.raises(NoResultFound, match="not there any more"):
        session.refresh(shelf)


def test_a_row_is_read_to_be_changed(session: Session) -> None:
    shelf = shelved(session)
    session.add(Book(id=1, title="Alma"))
    found = session.get_one(Shelf, shelf.id, for_update=True)
    assert found is shelf
    assert session.get_one(Book, 1, for_update=True).title == "Alma"
    assert session.get(Book, 2, for_update=True) is None


def test_a_row_read_to_be_changed_keeps_its_changes(rows: Rows, session: Session) -> None:
    shelf = shelved(session)
    with session.no_autoflush:
        shelf.name = "south"
        assert session.get_one(Shelf, shelf.id, for_update=True).name == "south"
    session.flush()
    assert beside(rows, session).get_one(Shelf, shelf.id).name == "south"


def test_a_row_that_was_only_added_is_read_to_be_changed(session: Session) -> None:
    book = Book(id=1, title="Alma")
    with session.no_autoflush:
        session.add(book)
        assert session.get(Book, 1, for_update=True) is book


def test_a_row_read_to_be_changed_is_locked_where_rows_are(rows: Rows, session: Session) -> None:
    shelf = shelved(session)
    if rows.database == "sqlite":
        # Its file has one writer: nobody can be in between.
        assert session.get(Shelf, shelf.id, for_update=True) is shelf
        return
    locked = text("SELECT xmax::text <> '0' AS locked FROM shelves")
    assert session.execute(locked).all() == [(False,)]
    found = session.get(Shelf, shelf.id, for_update=True)
    assert session.execute(locked).all() == [(True,)]
    beside(rows, session).execute(delete(Shelf))
    assert found is not None
    assert session.get(Shelf, shelf.id, for_update=True) is None


def test_rows_cannot_be_changed_after_the_unit_of_work(rows: Rows) -> None:
    with rows.transaction() as session:
        shelf = shelved(session)
    with pytest.raises(InternalError, match="after the unit of work"):
        shelf.name = "south"
    assert shelf.name == "north"


def test_a_unit_of_work_neither_commits_nor_rolls_back(session: Session) -> None:
    with pytest.raises(InternalError, match="the store commits"):
        session.commit()
    with pytest.raises(InternalError, match="the store does"):
        session.rollback()


def test_what_raises_leaves_nothing_behind(rows: Rows) -> None:
    def fail() -> None:
        with rows.transaction() as session:
            shelved(session)
            session.execute(update(Shelf).values(name="south"))
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with rows.transaction() as session:
        assert session.scalars(select(Shelf)).all() == []
