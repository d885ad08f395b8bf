"""The tables of the shelf."""

from uuid import UUID

from sqlalchemy import ForeignKey, Integer
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from colonnade.tables import TYPES, Identified, Timestamped, Versioned, tenant_metadata


class Base(DeclarativeBase):
    metadata = tenant_metadata()
    type_annotation_map = TYPES


class Book(Base, Identified, Versioned, Timestamped):
    __tablename__ = "books"

    title: Mapped[str]
    shelf: Mapped[str] = mapped_column(index=True, default="")
    copies: Mapped[int] = mapped_column(Integer, default=0)


class Chapter(Base, Identified):
    __tablename__ = "chapters"

    book_id: Mapped[UUID] = mapped_column(
        ForeignKey("tenant.books.id", ondelete="CASCADE"), index=True
    )
    title: Mapped[str]


class Counter(Base):
    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(Integer, default=0)
