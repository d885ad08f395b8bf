"""The tables of the shop."""

from uuid import UUID

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from colonnade.tables import TYPES, tenant_metadata


class Base(DeclarativeBase):
    metadata = tenant_metadata()
    type_annotation_map = TYPES


class OrderRow(Base):
    """One order; `notes` counts how often its end was noted."""

    __tablename__ = "orders"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[str]
    notes: Mapped[int]
