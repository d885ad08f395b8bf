"""The tables of the ledger."""

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from colonnade.tables import TYPES, tenant_metadata


class Base(DeclarativeBase):
    metadata = tenant_metadata()
    type_annotation_map = TYPES


class EntryRow(Base):
    """One effect of one deposit; two rows for one deposit would be a doubled effect."""

    __tablename__ = "entries"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    account: Mapped[str]
    amount: Mapped[int]
    number: Mapped[int]
    by: Mapped[str]
