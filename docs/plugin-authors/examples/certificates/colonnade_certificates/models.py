"""The tables of the certificates service, one set per tenant."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String, UniqueConstraint

from colonnade.rows import (
    Column,
    Identified,
    Row,
    Timestamped,
    Versioned,
    column,
    tenant_metadata,
)


class Base(Row):
    """The tables of this service."""

    metadata = tenant_metadata()


class CertificateRow(Identified, Versioned, Timestamped, Base):
    """A certificate: one for each person and course, with the name and title of its day."""

    __tablename__ = "certificates"
    __table_args__ = (
        UniqueConstraint("user_id", "course_id", name="uq_certificates_once"),
        Index("ix_certificates_newest", "issued_at", "id"),
    )

    code: Column[str] = column(String(15), unique=True)
    user_id: Column[UUID]
    course_id: Column[UUID]
    name: Column[str] = column(String(200), personal=True)
    course_title: Column[str] = column(String(200))
    issued_at: Column[datetime]
    revoked_at: Column[datetime | None] = column(default=None)
    revocation_reason: Column[str | None] = column(String(300), default=None)


class PersonRow(Base):
    """The name of somebody with an account, fed by events of the user service."""

    __tablename__ = "people"

    user_id: Column[UUID] = column(primary_key=True)
    name: Column[str] = column(String(200), personal=True)
