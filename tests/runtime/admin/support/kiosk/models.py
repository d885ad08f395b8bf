"""The tables of the kiosk."""

from uuid import UUID

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from colonnade.tables import TYPES, tenant_metadata


class Base(DeclarativeBase):
    metadata = tenant_metadata()
    type_annotation_map = TYPES


class CountedRow(Base):
    """A sale that was counted; more than once would be a doubled effect."""

    __tablename__ = "counted"

    sale_id: Mapped[UUID] = mapped_column(primary_key=True)
    times: Mapped[int]
