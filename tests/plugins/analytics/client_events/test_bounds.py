"""What an app may send of a person is bounded by day, and what is kept of it by size and age."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from analytics_bench import AnalyticsBench, existing_course, person
from sqlalchemy import func, select

from colonnade.context import Principal
from colonnade.errors import NotFound, TooManyRequests, Unavailable, ValidationFailed
from colonnade.rows import PLACEHOLDER_SCHEMA
from colonnade_analytics.api import ClientEvent, SendClientEvents
from colonnade_analytics.models import ClientEventDayRow, ClientEventRow, LessonCountRow, LessonRow
from colonnade_analytics.reports.retention import RETENTION
from colonnade_course.api import (
    CourseDeleted,
    CoursePublished,
    GetCourse,
    GetOutline,
    LessonRemoved,
    Outline,
    OutlineLesson,
    OutlineSection,
)
from colonnade_runtime.adapters.store.migrations import discover_migrations

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


def sent(number: int = 1, **changes: Any) -> SendClientEvents:
    occurred = changes.pop("occurred_at", NOON)
    return SendClientEvents(
        events=[
            ClientEvent(id=uuid4(), name="page.viewed", occurred_at=occurred, **changes)
            for _ in range(number)
        ]
    )


@asynccontextmanager
async def bounded(**bounds: Any) -> AsyncIterator[AnalyticsBench]:
    """An academy at noon, whose people may send so much."""
    async with AnalyticsBench(client_events=bounds) as bench:
        bench.clock.set(NOON)
        yield bench


async def kept(bench: AnalyticsBench) -> int:
    query = select(func.count()).select_from(ClientEventRow)
    return await bench.run(lambda session: session.scalars(query).one())


@pytest.fixture
async def ada(bench: AnalyticsBench) -> Principal:
    bench.clock.set(NOON)
    return person("learner")


async def test_a_batch_beyond_the_days_events_is_refused_whole() -> None:
    ada = person("learner")
    async with bounded(per_day=10) as bench:
        await bench.ask(sent(8), as_=ada)
        with pytest.raises(TooManyRequests) as caught:
            await bench.ask(sent(3), as_=ada)
        assert caught.value.details == {"retry_after": 12 * 3600}
        assert await kept(bench) == 8
        await bench.ask(sent(2), as_=ada)
        await bench.ask(sent(10), as_=person("learner"))


async def test_a_batch_beyond_the_days_bytes_is_refused_whole() -> None:
    ada = person("learner")
    async with bounded(bytes_per_day="10000B", bytes_kept="20000B") as bench:
        properties = {f"text{number}": "x" * 500 for number in range(10)}
        await bench.ask(sent(properties=properties), as_=ada)
        with pytest.raises(TooManyRequests):
            await bench.ask(sent(properties=properties), as_=ada)
        assert await kept(bench) == 1


async def test_duplicates_are_not_counted_and_a_new_day_begins_at_midnight() -> None:
    ada = person("learner")
    async with bounded(per_day=10) as bench:
        batch = sent(10)
        await bench.ask(batch, as_=ada)
        assert (await bench.ask(batch, as_=ada)).duplicates == 10
        bench.clock.set(NOON + timedelta(hours=12))
        assert (await bench.ask(sent(10), as_=ada)).accepted == 10


async def test_housekeeping_removes_what_is_older_than_declared() -> None:
    ada = person("learner")
    async with bounded(kept="5d") as bench:
        for day in (0, 3, 6):
            bench.clock.set(NOON + timedelta(days=day))
            await bench.ask(sent(2), as_=ada)
        await bench.run_schedule(RETENTION.name)
        assert await kept(bench) == 4


async def test_housekeeping_removes_the_oldest_days_of_whoever_has_too_much() -> None:
    ada = person("learner")
    async with bounded(bytes_per_day="1200B", bytes_kept="2400B") as bench:
        grace = person("learner")
        for day in range(4):
            bench.clock.set(NOON + timedelta(days=day))
            await bench.ask(sent(8), as_=ada)
        await bench.ask(sent(1), as_=grace)
        await bench.run_schedule(RETENTION.name)
        assert await kept(bench) == 2 * 8 + 1
        query = select(ClientEventRow.received_us).order_by(ClientEventRow.received_us).limit(1)
        oldest = await bench.run(lambda session: session.scalars(query).one())
        assert datetime.fromtimestamp(oldest / 1e6, UTC) == NOON + timedelta(days=2)


async def test_an_event_of_a_course_that_never_existed_is_named_and_nothing_is_kept(
    bench: AnalyticsBench, ada: Principal
) -> None:
    asked = bench.stub(GetCourse, NotFound())
    made_up = [*sent(3).events, *sent(500, course_id=uuid4()).events]
    made_up[200:] = [event for _ in made_up[200:] for event in sent(course_id=uuid4()).events]
    with pytest.raises(ValidationFailed) as caught:
        await bench.ask(SendClientEvents(events=made_up), as_=ada)
    assert caught.value.fields[0].pointer == "/events/3/course_id"
    assert len(asked.requests) == 1, "the first that does not exist ends the asking"
    assert await kept(bench) == 0


async def test_more_new_courses_than_are_asked_about_at_once_are_asked_for_later(
    bench: AnalyticsBench, ada: Principal
) -> None:
    events = [event for _ in range(50) for event in sent(course_id=uuid4()).events]
    asked = bench.stub(GetCourse, existing_course)
    with pytest.raises(Unavailable):
        await bench.ask(SendClientEvents(events=events), as_=ada)
    assert len(asked.requests) == 10


async def test_a_course_that_was_heard_of_is_not_asked_about_even_when_it_is_deleted(
    bench: AnalyticsBench, ada: Principal
) -> None:
    asked = bench.stub(GetCourse, existing_course)
    course = uuid4()
    facts = {"course_id": course, "slug": "c", "title": "C", "status": "published"}
    await bench.deliver(CoursePublished(**facts, sequence=1))
    assert (await bench.ask(sent(course_id=course), as_=ada)).accepted == 1
    await bench.deliver(CourseDeleted(**facts, sequence=2))
    assert (await bench.ask(sent(course_id=course), as_=ada)).accepted == 1
    assert asked.requests == []


def outline(course: UUID, *lessons: UUID) -> Outline:
    """The outline of a course, as the course service answers it."""
    shown = {"title": "L", "content_id": None, "preview": False, "completion": "view"}
    shown |= {"required": True, "duration_minutes": None, "position": 0}
    made = [OutlineLesson(id=lesson, **shown) for lesson in lessons]
    values = {"id": uuid4(), "title": "S", "position": 0, "required": True, "lessons": made}
    return Outline(course_id=course, sections=[OutlineSection(**values)])


@pytest.fixture
def asked(bench: AnalyticsBench) -> list[UUID]:
    """The courses whose outline was asked for; each has the lesson of the same id."""
    found: list[UUID] = []

    def answer(request: GetOutline) -> Outline:
        found.append(request.course_id)
        return outline(request.course_id, request.course_id)

    bench.stub(GetOutline, answer)
    return found


async def test_a_lesson_of_no_course_is_named_and_nothing_is_kept(
    bench: AnalyticsBench, ada: Principal, asked: list[UUID]
) -> None:
    course = uuid4()
    events = [*sent(2, course_id=course, lesson_id=course).events]
    events += sent(300, course_id=course, lesson_id=uuid4()).events
    events += sent(200, course_id=uuid4(), lesson_id=uuid4()).events
    with pytest.raises(ValidationFailed) as caught:
        await bench.ask(SendClientEvents(events=events), as_=ada)
    assert caught.value.fields[0].pointer == "/events/2/lesson_id"
    assert len(caught.value.fields) == 100
    assert len(asked) == 1, "the first course that lacks one ends the asking"
    assert await kept(bench) == 0


async def test_the_lessons_of_a_course_are_asked_for_once(
    bench: AnalyticsBench, ada: Principal, asked: list[UUID]
) -> None:
    course = uuid4()
    for _ in range(3):
        receipt = await bench.ask(sent(500, course_id=course, lesson_id=course), as_=ada)
        assert receipt.accepted == 500
    assert asked == [course]


async def test_a_lesson_of_another_course_is_refused_without_asking(
    bench: AnalyticsBench, ada: Principal, asked: list[UUID]
) -> None:
    course = uuid4()
    await bench.ask(sent(course_id=course, lesson_id=course), as_=ada)
    with pytest.raises(ValidationFailed) as caught:
        await bench.ask(sent(course_id=uuid4(), lesson_id=course), as_=ada)
    assert [field.pointer for field in caught.value.fields] == ["/events/0/lesson_id"]
    assert len(asked) == 1


async def test_a_lesson_needs_its_course(
    bench: AnalyticsBench, ada: Principal, asked: list[UUID]
) -> None:
    with pytest.raises(ValidationFailed) as caught:
        await bench.ask(sent(lesson_id=uuid4()), as_=ada)
    assert [field.pointer for field in caught.value.fields] == ["/events/0/course_id"]
    assert asked == []


async def test_lessons_of_more_courses_than_are_asked_at_once_are_asked_for_later(
    bench: AnalyticsBench, ada: Principal, asked: list[UUID]
) -> None:
    courses = [uuid4() for _ in range(15)]
    for one in courses:
        facts = {"course_id": one, "slug": "c", "title": "C", "status": "published"}
        await bench.deliver(CoursePublished(**facts, sequence=1))
    events = [each for one in courses for each in sent(course_id=one, lesson_id=one).events]
    with pytest.raises(Unavailable):
        await bench.ask(SendClientEvents(events=events), as_=ada)
    assert len(asked) == 10
    assert (await bench.ask(SendClientEvents(events=events), as_=ada)).accepted == 15
    assert len(asked) == 15


async def test_a_lesson_that_was_heard_of_is_known_when_it_and_its_course_are_gone(
    bench: AnalyticsBench, ada: Principal
) -> None:
    course, lesson = uuid4(), uuid4()
    bench.stub(GetOutline, NotFound())
    await bench.deliver(LessonRemoved(lesson_id=lesson, course_id=course, sequence=4))
    assert (await bench.ask(sent(course_id=course, lesson_id=lesson), as_=ada)).accepted == 1
    with pytest.raises(ValidationFailed):
        await bench.ask(sent(course_id=course, lesson_id=uuid4()), as_=ada)


def test_lessons_completed_before_the_upgrade_are_known() -> None:
    migrations = discover_migrations("colonnade_analytics.migrations").migrations
    engine = sa.create_engine("sqlite://")
    with engine.connect() as plain:
        connection = plain.execution_options(schema_translate_map={PLACEHOLDER_SCHEMA: None})
        for migration in migrations[:3]:
            migration.upgrade(connection)
        row = {"course_id": UUID(int=1), "lesson_id": UUID(int=2), "completions": 3}
        connection.execute(sa.insert(LessonCountRow).values(row))
        migrations[3].upgrade(connection)
        found = connection.execute(sa.select(LessonRow.lesson_id, LessonRow.course_id)).all()
        assert [tuple(each) for each in found] == [(UUID(int=2), UUID(int=1))]


def test_days_before_the_upgrade_are_counted() -> None:
    migrations = discover_migrations("colonnade_analytics.migrations").migrations
    engine = sa.create_engine("sqlite://")
    with engine.connect() as plain:
        connection = plain.execution_options(schema_translate_map={PLACEHOLDER_SCHEMA: None})
        for migration in migrations[:2]:
            migration.upgrade(connection)
        day = 86_400_000_000
        for number, received in enumerate((day - 1, day, 2 * day - 1)):
            row = {"person_id": 1, "id": UUID(int=number), "name": "a", "properties": "{}"}
            row |= {"occurred_us": 0, "received_us": received}
            connection.execute(sa.insert(ClientEventRow).values(row))
        migrations[2].upgrade(connection)
        found = connection.execute(sa.select(*ClientEventDayRow.__table__.columns)).all()
        assert [tuple(row) for row in found] == [(1, 0, 1, 103), (1, 1, 2, 206)]
