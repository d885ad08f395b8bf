"""What a hot read is compared with, on the same server and loop: `python -m benchmarks.peers
PORT empty` answers nothing; `… PORT ordinary FOLDER` reads a row the way most handlers do."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar, get
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

COURSE_ID = UUID(int=1)
POOL = 16
"""Connections, as many as the load has; with fewer the handler would open one per request."""


class Base(DeclarativeBase):
    """The peer's tables."""


class CourseRow(Base):
    """As many columns as our course has."""

    __tablename__ = "courses"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str]
    slug: Mapped[str]
    summary: Mapped[str]
    status: Mapped[str]
    price_amount: Mapped[int | None]
    price_currency: Mapped[str | None]
    seats: Mapped[int | None]
    language: Mapped[str]
    license: Mapped[str | None]
    attribution: Mapped[str | None]
    external_id: Mapped[str | None]
    created_by: Mapped[str]
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int]


COLUMNS = [column.key for column in CourseRow.__table__.columns]


@get("/")
async def empty() -> None:
    """Answers nothing."""


async def ordinary(folder: Path) -> Any:
    """A handler with a session per request: no authentication, no policy, no tenant."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder}/peer.db", pool_size=POOL)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    now = datetime.now(UTC)
    async with sessions.begin() as session:
        course = CourseRow(id=COURSE_ID, title="Python", slug="python", summary="", version=1)
        course.status, course.language, course.created_by = "published", "en", "somebody"
        course.created_at = course.updated_at = course.published_at = now
        session.add(course)

    @get("/")
    async def read() -> dict[str, Any]:
        async with AsyncSession(engine) as session:
            row = await session.get_one(CourseRow, COURSE_ID)
            return {name: getattr(row, name) for name in COLUMNS}

    return read


async def serve(port: int, kind: str, folder: str = ".") -> None:
    """Serve one of them until the process is ended."""
    handler = empty if kind == "empty" else await ordinary(Path(folder))
    application = Litestar([handler], openapi_config=None, logging_config=None)
    server = Server(
        application,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGINL,
        log_enabled=False,
        websockets=False,
    )
    task = asyncio.create_task(server.serve(), name="peer")
    await task


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), *sys.argv[2:]))
