"""A small service's tables and what policies may say of them, for the tests of this folder."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Boolean, Enum, Integer, MetaData, String

from colonnade.policy import Relation, ResourceType
from colonnade.rows import Column, Row, UtcDateTime, column


class Base(Row):
    metadata = MetaData()


class Level(StrEnum):
    BASIC = "basic"
    EXPERT = "expert"


class CourseRow(Base):
    __tablename__ = "courses"

    id: Column[UUID] = column(primary_key=True)
    status: Column[str | None] = column(String(20), default=None)
    owner_id: Column[UUID | None] = column(default=None)
    seats: Column[int | None] = column(Integer, default=None)
    public: Column[bool | None] = column(Boolean, default=None)
    level: Column[Level | None] = column(Enum(Level), default=None)
    starts_at: Column[datetime | None] = column(UtcDateTime(), default=None)


class EnrolledRow(Base):
    __tablename__ = "enrolled"

    course_id: Column[UUID] = column(primary_key=True)
    user_id: Column[UUID] = column(primary_key=True)
    status: Column[str] = column(String(20))


class TeachesRow(Base):
    __tablename__ = "teaches"

    course_id: Column[UUID] = column(primary_key=True)
    user_id: Column[str] = column(String(40), primary_key=True)


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
