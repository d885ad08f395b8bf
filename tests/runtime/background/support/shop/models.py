"""The tables of the shop."""

from uuid import UUID

from colonnade.rows import Column, Row, column, tenant_metadata


class Base(Row):
    metadata = tenant_metadata()


class OrderRow(Base):
    """One order; `notes` counts how often its end was noted."""

    __tablename__ = "orders"

    id: Column[UUID] = column(primary_key=True)
    status: Column[str]
    notes: Column[int]
