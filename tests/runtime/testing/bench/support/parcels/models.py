"""The tables of the parcels."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from colonnade.tables import TYPES, tenant_metadata


class Base(DeclarativeBase):
    metadata = tenant_metadata()
    type_annotation_map = TYPES


class ParcelRow(Base):
    """One parcel, kept until somebody fetches it."""

    __tablename__ = "parcels"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    address: Mapped[str]
    status: Mapped[str]
    kept_until: Mapped[datetime]
