"""Counts are those of the raw events, whatever their order and however often each comes."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from analytics_bench import AnalyticsBench, person, showing
from analytics_world import World
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from colonnade.events import Event
from colonnade_analytics.api import ClientEvent, GetMetrics, Metrics, SendClientEvents
from colonnade_analytics.models import (
    ActivityRow,
    CountRow,
    EarningRow,
    EnrollmentRow,
    EventRow,
    LessonCountRow,
    PersonRow,
)
from colonnade_course.api import EnrollmentActivated, EnrollmentCompleted, LessonCompleted
from colonnade_payment.api import PaymentCaptured, PaymentRefunded
from colonnade_user.api import UserDeleted

Told = tuple[UUID, datetime, Event]

# Nights on which the clocks change somewhere, and their neighbours.
NIGHTS = (
    datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 0, tzinfo=UTC),
    datetime(2026, 3, 8, 7, 0, tzinfo=UTC),
    datetime(2026, 4, 4, 15, 0, tzinfo=UTC),
)
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
)
ACTIVE = (EnrollmentActivated, EnrollmentCompleted, LessonCompleted)


def told(seed: int, night: datetime) -> list[Told]:
    """What happens around a night, each with an id."""
    world = World(seed=seed, people=4, days=3, until=night + timedelta(days=2))
    return [(world.uuid(), at, event) for at, event in world.events()]


def recount(events: Sequence[Told], zone: str) -> dict[date, dict[str, Any]]:
    """Local date → what a person with paper and pencil would count."""
    days: dict[date, dict[str, Any]] = {}
    for _, at, event in events:
        found = days.setdefault(
            at.astimezone(ZoneInfo(zone)).date(),
            {"active": set(), "counts": Counter(), "revenue": 0, "refunds": 0},
        )
        found["counts"][type(event)] += 1
        if isinstance(event, ACTIVE):
            found["active"].add(event.user_id)
        if isinstance(event, PaymentCaptured):
            found["revenue"] += event.amount.amount
        if isinstance(event, PaymentRefunded):
            found["refunds"] += event.amount.amount
    return days


def assert_equal(metrics: Metrics, days: dict[date, dict[str, Any]]) -> None:
    for item in metrics.items:
        mine = days.get(item.first_day)
        counts = mine["counts"] if mine else Counter()
        assert item.active_learners == (len(mine["active"]) if mine else 0), item.period
        assert item.enrolments == counts[EnrollmentActivated]
        assert item.completions == counts[EnrollmentCompleted]
        assert item.lessons_completed == counts[LessonCompleted]
        assert sum(amount.amount for amount in item.revenue) == (mine["revenue"] if mine else 0)
        assert sum(amount.amount for amount in item.refunds) == (mine["refunds"] if mine else 0)


async def snapshot(bench: AnalyticsBench, tenant: str) -> dict[str, Any]:
    """Every count, with people by what they did and not by their number."""

    def work(session: Any) -> dict[str, Any]:
        people = dict(session.execute(select(PersonRow.id, PersonRow.user_id)).all())
        tables = (CountRow, EarningRow, LessonCountRow, EnrollmentRow, ActivityRow)
        return {
            table.__tablename__: sorted(
                tuple(
                    str(people[value] if column.name == "person_id" else value)
                    for column, value in zip(table.__table__.columns, row, strict=True)
                )
                for row in session.execute(select(*table.__table__.columns))
            )
            for table in tables
        }

    return await bench.read(work, tenant=tenant)


@pytest.fixture
async def bench() -> AsyncIterator[AnalyticsBench]:
    """An academy that shows every number."""
    async with AnalyticsBench(tenant=showing(1)) as running:
        yield running


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    night=st.sampled_from(NIGHTS),
    zone=st.sampled_from(ZONES),
    shuffle=st.randoms(use_true_random=False),
)
async def test_any_order_and_any_repetition_leads_to_the_recount(
    seed: int, night: datetime, zone: str, shuffle: Random
) -> None:
    events = told(seed, night)
    disorder = [*events, *shuffle.sample(events, len(events) // 2)]
    shuffle.shuffle(disorder)
    keys, academies = {"timezone": zone, **showing(1)}, ("disorderly", "orderly")
    async with AnalyticsBench(tenant=keys, academies=academies) as bench:
        await bench.consume_all(disorder, "disorderly")
        await bench.consume_all(events, "orderly")
        assert await snapshot(bench, "disorderly") == await snapshot(bench, "orderly")
        first = (night - timedelta(days=4)).date()
        request = GetMetrics(from_date=first, to_date=first + timedelta(days=9))
        assert_equal(await bench.ask(request, as_=person("owner")), recount(events, zone))


@pytest.mark.parametrize("zone", ZONES)
async def test_an_academy_that_moves_counts_its_old_events_by_its_new_clocks(
    bench: AnalyticsBench, zone: str
) -> None:
    events = told(1, NIGHTS[0])
    await bench.set_tenant(timezone="Europe/Berlin")
    await bench.consume_all(events)
    await bench.set_tenant(timezone=zone)
    first = (NIGHTS[0] - timedelta(days=4)).date()
    request = GetMetrics(from_date=first, to_date=first + timedelta(days=9))
    assert_equal(await bench.ask(request, as_=person("owner")), recount(events, zone))


async def test_every_event_is_kept_once_and_nothing_personal_of_it(bench: AnalyticsBench) -> None:
    events = told(2, NIGHTS[0])
    await bench.consume_all([*events, *events])
    rows = await bench.read(
        lambda session: session.scalars(select(EventRow)).all(),
    )
    assert {row.event_id for row in rows} == {event_id for event_id, _, _ in events}
    people = {str(event.user_id) for _, _, event in events if hasattr(event, "user_id")}
    kept = json.dumps([row.data for row in rows])
    assert not any(user in kept for user in people)
    assert "wish" not in kept, "the reason of a refund is somebody's words"
    assert "Programming" not in kept


async def test_deleting_an_account_keeps_every_count_and_cuts_the_link(
    bench: AnalyticsBench,
) -> None:
    events = told(3, NIGHTS[0])
    await bench.consume_all(events)
    first = (NIGHTS[0] - timedelta(days=4)).date()
    request = GetMetrics(from_date=first, to_date=first + timedelta(days=9))
    before = await bench.ask(request, as_=person("owner"))
    people = {event.user_id for _, _, event in events if isinstance(event, EnrollmentActivated)}
    for user_id in people:
        await bench.deliver(UserDeleted(user_id=user_id))
    assert await bench.ask(request, as_=person("owner")) == before
    known = await bench.read(
        lambda session: set(session.scalars(select(PersonRow.user_id))),
    )
    assert not known & people


async def test_events_of_somebody_deleted_that_come_late_count_for_the_same_person(
    bench: AnalyticsBench,
) -> None:
    events = told(4, NIGHTS[0])
    deleted = [
        (UUID(int=number), NIGHTS[0], UserDeleted(user_id=user_id))
        for number, user_id in enumerate(
            sorted({item.user_id for _, _, item in events if isinstance(item, ACTIVE)})
        )
    ]
    await bench.consume_all([*deleted, *events])
    first = (NIGHTS[0] - timedelta(days=4)).date()
    request = GetMetrics(from_date=first, to_date=first + timedelta(days=9))
    assert_equal(await bench.ask(request, as_=person("owner")), recount(events, "UTC"))
    numbers = await bench.read(
        lambda session: session.scalars(select(func.count(ActivityRow.person_id.distinct()))).one()
    )
    assert numbers == len(deleted)


async def test_client_events_count_as_activity_of_the_enrolled(bench: AnalyticsBench) -> None:
    world = World(seed=5, people=1, days=2, until=datetime.now(UTC) - timedelta(days=4))
    events = [(world.uuid(), at, event) for at, event in world.events()]
    [(user, course), *_] = {
        (event.user_id, event.course_id)
        for _, _, event in events
        if isinstance(event, EnrollmentActivated)
    }
    moment = datetime.now(UTC) - timedelta(days=1)
    sent = ClientEvent(id=world.uuid(), name="a", occurred_at=moment, course_id=course)
    await bench.ask(SendClientEvents(events=[sent]), as_=person("learner", user))
    await bench.consume_all(events)
    metrics = await bench.ask(GetMetrics(), as_=person("owner"))
    [mine] = [item for item in metrics.items if item.first_day == moment.date()]
    assert mine.active_learners == 1
