"""The tables of the kiosk."""

from uuid import UUID

from colonnade.rows import Column, Row, column, tenant_metadata


class Base(Row):
    metadata = tenant_metadata()


class CountedRow(Base):
    """A sale that was counted; more than once would be a doubled effect."""

    __tablename__ = "counted"

    sale_id: Column[UUID] = column(primary_key=True)
    times: Column[int]
