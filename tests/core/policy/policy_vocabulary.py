"""A small service's tables and what policies may say of them, for the tests of this folder."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Boolean, Integer, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from colonnade.policy import Relation, ResourceType
from colonnade.tables import TYPES, UtcDateTime


class Base(DeclarativeBase):
    metadata = MetaData()
    type_annotation_map = TYPES


class Level(StrEnum):
    BASIC = "basic"
    EXPERT = "expert"


class CourseRow(Base):
    __tablename__ = "courses"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[str | None] = mapped_column(String(20))
    owner_id: Mapped[UUID | None]
    seats: Mapped[int | None] = mapped_column(Integer)
    public: Mapped[bool | None] = mapped_column(Boolean)
    level: Mapped[Level | None]
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime())


class EnrolledRow(Base):
    __tablename__ = "enrolled"

    course_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(String(20))


class TeachesRow(Base):
    __tablename__ = "teaches"

    course_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(String(40), primary_key=True)


COURSE = ResourceType(
    "course",
    fields={
        "id": CourseRow.id,
        "status": CourseRow.status,
        "owner_id": CourseRow.owner_id,
        "seats": CourseRow.seats,
        "public": CourseRow.public,
        "level": CourseRow.level,
        "starts_at": CourseRow.starts_at,
    },
    relations={
        "enrolled": Relation(
            EnrolledRow, "course_id", "user_id", where=lambda row: row.status == "active"
        ),
        "teaches": Relation(TeachesRow, "course_id", "user_id"),
        "deputy": Relation(CourseRow, "owner_id", "id"),
    },
)
