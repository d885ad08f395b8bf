"""Rows of a library, as docs/plugin-authors/rows.md shows them."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, bindparam, func, select, update

from colonnade.errors import Conflict
from colonnade.rows import (
    Column,
    ConstraintViolated,
    Identified,
    Row,
    Timestamped,
    Versioned,
    column,
    prepare,
    tenant_metadata,
)
from colonnade.store import Session


class Base(Row):
    """The tables of this service."""

    metadata = tenant_metadata()


class BookRow(Identified, Versioned, Timestamped, Base):
    """A book."""

    __tablename__ = "books"
    __table_args__ = (Index("ix_books_newest", "created_at", "id"),)

    isbn: Column[str] = column(String(20), unique=True)
    title: Column[str] = column(String(200))
    copies: Column[int] = column(default=1)
    withdrawn_at: Column[datetime | None] = column(default=None)


class LoanRow(Identified, Base):
    """A loan of a book to a person, until it is returned."""

    __tablename__ = "loans"
    __table_args__ = (Index("ix_loans_open", "user_id", "returned_at"),)

    book_id: Column[UUID] = column(ForeignKey(BookRow.id))
    user_id: Column[UUID]
    lent_at: Column[datetime]
    returned_at: Column[datetime | None] = column(default=None)


def lend(book_id: UUID, user_id: UUID) -> Callable[[Session], UUID]:
    """Lend a book, if a copy is left."""

    def work(session: Session) -> UUID:
        book = session.get_one(BookRow, book_id)
        if book.copies == 0:
            raise Conflict("All copies are lent.")
        book.copies -= 1
        loan = LoanRow(book_id=book.id, user_id=user_id, lent_at=session.now)
        session.add(loan)
        return loan.id

    return work


def add_book(isbn: str, title: str) -> Callable[[Session], UUID]:
    """Add a book."""

    def work(session: Session) -> UUID:
        book = BookRow(isbn=isbn, title=title)
        session.add(book)
        try:
            session.flush()
        except ConstraintViolated:
            raise Conflict("There is a book with this ISBN.") from None
        return book.id

    return work


def books_about(word: str) -> Callable[[Session], list[BookRow]]:
    """Books with a word in their title."""
    query = select(BookRow).where(BookRow.title.contains(word, autoescape=True))
    return lambda session: session.scalars(query.order_by(BookRow.title))


OPEN_LOANS = prepare(
    select(LoanRow).where(LoanRow.user_id == bindparam("user_id"), LoanRow.returned_at.is_(None))
)
OVERDUE = prepare(
    select(BookRow.title, func.count(LoanRow.id).label("loans"))
    .join(LoanRow, LoanRow.book_id == BookRow.id)
    .where(LoanRow.returned_at.is_(None), LoanRow.lent_at < bindparam("before"))
    .group_by(BookRow.title)
)


def return_all(user_id: UUID) -> Callable[[Session], int]:
    """Return everything that a person has."""

    def work(session: Session) -> int:
        loans = session.scalars(OPEN_LOANS, {"user_id": user_id})
        for loan in loans:
            loan.returned_at = session.now
            session.get_one(BookRow, loan.book_id).copies += 1
        return len(loans)

    return work


def overdue(before: datetime) -> Callable[[Session], dict[str, int]]:
    """By title the loans that began before a moment and have not ended."""
    return lambda session: {
        record.title: record.loans for record in session.execute(OVERDUE, {"before": before})
    }


def close_library(session: Session) -> int:
    """Withdraw every book, in one statement."""
    withdrawn = update(BookRow).values(withdrawn_at=session.now, version=BookRow.version + 1)
    return session.execute(withdrawn.where(BookRow.withdrawn_at.is_(None))).rowcount


def import_books(rows: list[BookRow]) -> Callable[[Session], int]:
    """Import books; those whose ISBN is there already are left out."""

    def work(session: Session) -> int:
        imported = 0
        for row in rows:
            try:
                with session.savepoint():
                    session.add(row)
                imported += 1
            except ConstraintViolated:
                continue
        return imported

    return work
