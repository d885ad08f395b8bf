"""Tenants: each has tables of its own, and a statement that forgot its tenant reaches none."""

import pytest
from sqlalchemy import bindparam, delete, select, text, update

from colonnade.rows import prepare
from colonnade.store import Session
from colonnade.tables import OutboxRow, PlatformBase
from tests.contract.rows.support.library import Book, BookAdded, Shelf, Ticket
from tests.contract.rows.support.row_databases import TENANTS, Rows

ONE, OTHER = TENANTS

TITLES = prepare(select(Book.title))
RETITLE = prepare(update(Book).values(title=bindparam("title")))


@pytest.fixture
def both(rows: Rows) -> Rows:
    """Two tenants, each with a book of the same key."""

    def fill() -> None:
        for tenant in TENANTS:
            with rows.transaction(tenant) as session:
                session.add_all([Book(id=1, title=tenant), Ticket(label=tenant)])
                session.publish(BookAdded(book_id=1))

    rows.call(fill)
    return rows


def test_every_way_to_read_sees_one_tenant(rows: Rows, both: Rows) -> None:
    for tenant in (ONE, OTHER, ONE):
        with both.transaction(tenant) as session:
            assert session.get_one(Book, 1).title == tenant
            assert session.scalars(TITLES).all() == [tenant]
            assert session.scalars(select(Book.title)).all() == [tenant]
            assert session.execute(text("SELECT title FROM books")).all() == [(tenant,)]
            assert session.scalars(select(Ticket.label)).all() == [tenant]
            [sent] = session.scalars(select(OutboxRow))
            assert tenant.encode() in sent.envelope


def test_every_way_to_write_reaches_one_tenant(rows: Rows, both: Rows) -> None:
    with both.transaction(ONE) as session:
        session.get_one(Book, 1).title = "changed"
        session.execute(RETITLE, {"title": "prepared"})
        session.execute(RETITLE, [{"title": "several"}])
        session.execute(update(Book).values(title="statement"))
        session.execute(text("UPDATE books SET title = 'text'"))
        session.upsert(Book(id=1, title="upsert"))
        session.add(Shelf(name="north"))
    with both.transaction(OTHER) as session:
        assert session.scalars(TITLES).all() == [OTHER]
        session.add(Shelf(name="north"))
        session.execute(delete(Book))
    with both.transaction(ONE) as session:
        assert session.scalars(TITLES).all() == ["upsert"]


@pytest.mark.parametrize("table", ["tenant.books", *sorted(PlatformBase.metadata.tables)])
def test_a_statement_that_forgot_its_tenant_fails(session: Session, table: str) -> None:
    with pytest.raises(Exception, match="tenant"):
        session.driver.fetch(f"SELECT * FROM {table}", ())
