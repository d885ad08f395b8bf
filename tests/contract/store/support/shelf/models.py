"""The tables of the shelf."""

from uuid import UUID

from sqlalchemy import ForeignKey, Integer

from colonnade.rows import Column, Identified, Row, Timestamped, Versioned, column, tenant_metadata


class Base(Row):
    metadata = tenant_metadata()


class Book(Base, Identified, Versioned, Timestamped):
    __tablename__ = "books"

    title: Column[str]
    shelf: Column[str] = column(index=True, default="")
    copies: Column[int] = column(Integer, default=0)


class Chapter(Base, Identified):
    __tablename__ = "chapters"

    book_id: Column[UUID] = column(ForeignKey("tenant.books.id", ondelete="CASCADE"), index=True)
    title: Column[str]


class Counter(Base):
    __tablename__ = "counters"

    name: Column[str] = column(primary_key=True)
    value: Column[int] = column(Integer, default=0)
