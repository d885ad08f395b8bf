"""Tables of the suite."""

from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Integer, String, UniqueConstraint

from colonnade.events import Event, event
from colonnade.rows import Column, Identified, Row, Timestamped, Versioned, column, tenant_metadata


class Base(Row):
    metadata = tenant_metadata()


class Shelf(Base, Identified, Versioned, Timestamped):
    """A row with everything that the session fills in."""

    __tablename__ = "shelves"

    name: Column[str] = column(String(40), unique=True)
    room: Column[str | None] = column(String(40), default=None)


class Book(Base):
    """A row with a parent; deleted with it."""

    __tablename__ = "books"

    id: Column[int] = column(primary_key=True)
    title: Column[str]
    shelf_id: Column[UUID | None] = column(
        ForeignKey("tenant.shelves.id", ondelete="CASCADE"), default=None
    )
    notes: Column[dict[str, str]] = column(JSON, default_factory=dict)


class Loan(Base):
    """A row with a key of two columns, whose foreign key is looked at when it commits."""

    __tablename__ = "loans"

    book_id: Column[int] = column(
        ForeignKey("tenant.books.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    reader: Column[str] = column(String(40), primary_key=True)
    days: Column[int] = column(Integer, default=14)


class Ticket(Base):
    """A row that the database numbers."""

    __tablename__ = "tickets"
    __table_args__ = (UniqueConstraint("label"), {"sqlite_autoincrement": True})

    number: Column[int] = column(
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
        init=False,
    )
    label: Column[str] = column(String(40))


class Door(Base):
    """A row whose columns are named as a session names parameters for itself."""

    __tablename__ = "doors"

    key_id: Column[int] = column(primary_key=True)
    id: Column[int]
    lock: Column[str]
    new_lock: Column[str]
    key_lock: Column[str]


@event("rows", key="book_id")
class BookAdded(Event):
    """A book was put on a shelf."""

    book_id: int
