"""The tables of the ledger."""

from sqlalchemy import BigInteger, Integer

from colonnade.rows import Column, Row, column, tenant_metadata


class Base(Row):
    metadata = tenant_metadata()


class EntryRow(Base):
    """One effect of one deposit; two rows for one deposit would be a doubled effect."""

    __tablename__ = "entries"

    id: Column[int] = column(
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
        init=False,
    )
    account: Column[str]
    amount: Column[int]
    number: Column[int]
    by: Column[str]
