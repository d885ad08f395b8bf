"""The tables of the parcels."""

from datetime import datetime
from uuid import UUID

from colonnade.rows import Column, Row, column, tenant_metadata


class Base(Row):
    metadata = tenant_metadata()


class ParcelRow(Base):
    """One parcel, kept until somebody fetches it."""

    __tablename__ = "parcels"

    id: Column[UUID] = column(primary_key=True)
    address: Column[str]
    status: Column[str]
    kept_until: Column[datetime]
