"""Events of clients: each kept and counted once, by when it occurred, or the batch refused."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from analytics_bench import Bench, person

from colonnade.context import Principal
from colonnade.errors import Forbidden, Unauthenticated, ValidationFailed
from colonnade_analytics.api import (
    ClientEvent,
    GetMetrics,
    ListClientEvents,
    SendClientEvents,
)
from colonnade_analytics.config import TenantAnalyticsConfig
from colonnade_analytics.privacy.pseudonyms import erase
from colonnade_course.api import EnrollmentActivated

COURSE = uuid4()


def client_event(**changes: Any) -> ClientEvent:
    values = {
        "id": uuid4(),
        "name": "page.viewed",
        "occurred_at": datetime.now(UTC),
        "course_id": COURSE,
        **changes,
    }
    return ClientEvent(**values)


def batch(*events: ClientEvent) -> SendClientEvents:
    return SendClientEvents(events=list(events))


def enrolled(user: Principal, course_id: UUID = COURSE) -> EnrollmentActivated:
    return EnrollmentActivated(
        enrollment_id=uuid4(),
        course_id=course_id,
        user_id=UUID(user.id),
        status="active",
        sequence=1,
    )


@pytest.fixture
def owner(bench: Bench) -> Principal:
    bench.ctx.settings = TenantAnalyticsConfig(smallest_group=1)
    return person("owner")


async def test_a_batch_is_kept_and_may_be_sent_again(bench: Bench) -> None:
    ada = person("learner")
    events = [client_event() for _ in range(500)]
    first = await bench.ask(ada, batch(*events))
    again = await bench.ask(ada, batch(*events[:100], client_event()))
    assert (first.accepted, first.duplicates) == (500, 0)
    assert (again.accepted, again.duplicates) == (1, 100)


async def test_an_id_twice_in_one_batch_is_kept_once(bench: Bench) -> None:
    event = client_event()
    receipt = await bench.ask(person("learner"), batch(event, event))
    assert (receipt.accepted, receipt.duplicates) == (1, 1)


async def test_two_people_may_use_the_same_id(bench: Bench) -> None:
    event = client_event()
    for _ in range(2):
        receipt = await bench.ask(person("learner"), batch(event))
        assert receipt.accepted == 1


async def test_one_bad_time_refuses_the_whole_batch_and_is_named(bench: Bench) -> None:
    ada = person("learner")
    events = [client_event() for _ in range(10)]
    events[7] = client_event(occurred_at=datetime.now(UTC) + timedelta(days=2))
    with pytest.raises(ValidationFailed) as caught:
        await bench.ask(ada, batch(*events))
    assert [field.pointer for field in caught.value.fields] == ["/events/7/occurred_at"]
    assert (await bench.ask(ada, ListClientEvents())).items == []


async def test_an_event_too_long_ago_is_refused(bench: Bench) -> None:
    late = client_event(occurred_at=datetime.now(UTC) - timedelta(days=367))
    with pytest.raises(ValidationFailed):
        await bench.ask(person("learner"), batch(late))


async def test_a_fast_clock_is_set_right(bench: Bench) -> None:
    ada = person("learner")
    await bench.ask(ada, batch(client_event(occurred_at=datetime.now(UTC) + timedelta(hours=3))))
    [kept] = (await bench.ask(ada, ListClientEvents())).items
    assert kept.occurred_at == kept.received_at


async def test_a_late_event_counts_in_the_day_it_occurred(bench: Bench, owner: Principal) -> None:
    ada = person("learner")
    occurred = datetime.now(UTC) - timedelta(days=3)
    await bench.deliver(enrolled(ada), at=datetime.now(UTC) - timedelta(days=20))
    await bench.ask(ada, batch(client_event(occurred_at=occurred)))
    metrics = await bench.ask(owner, GetMetrics())
    active = {item.period for item in metrics.items if item.active_learners}
    assert occurred.date().isoformat() in active
    assert len(active) == 2


async def test_an_event_makes_nobody_a_learner_who_is_not_enrolled(
    bench: Bench, owner: Principal
) -> None:
    ada = person("learner")
    await bench.ask(ada, batch(client_event()))
    assert (await bench.ask(owner, GetMetrics())).total.active_learners == 0
    await bench.deliver(enrolled(ada), at=datetime.now(UTC) - timedelta(days=400))
    assert (await bench.ask(owner, GetMetrics())).total.active_learners == 1


async def test_people_see_their_own_events_and_nobody_elses(bench: Bench) -> None:
    ada, grace = person("learner"), person("learner")
    event = client_event(properties={"seconds": 12, "full": True, "note": "ü", "none": None})
    await bench.ask(ada, batch(event))
    await bench.ask(grace, batch(client_event()))
    [kept] = (await bench.ask(ada, ListClientEvents())).items
    assert (kept.id, kept.properties) == (event.id, event.properties)


async def test_what_somebody_sent_is_emptied_when_their_account_goes(bench: Bench) -> None:
    ada = person("learner")
    await bench.ask(ada, batch(client_event(properties={"note": "mine"})))
    await bench.run(lambda session: erase(session, UUID(ada.id)))
    assert (await bench.ask(ada, ListClientEvents())).items == []


async def test_visitors_and_services_send_nothing(bench: Bench) -> None:
    with pytest.raises(Unauthenticated):
        await bench.ask(Principal.anonymous(), batch(client_event()))
    with pytest.raises(Forbidden):
        await bench.ask(Principal.service("course"), batch(client_event()))
