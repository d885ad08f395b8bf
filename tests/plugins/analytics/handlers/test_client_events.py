"""Events of clients: each kept and counted once, by when it occurred, or the batch refused."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from analytics_bench import AnalyticsBench, person, showing

from colonnade.context import Principal
from colonnade.errors import Forbidden, Unauthenticated, ValidationFailed
from colonnade_analytics.api import (
    ClientEvent,
    GetMetrics,
    ListClientEvents,
    SendClientEvents,
)
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
async def owner(bench: AnalyticsBench) -> Principal:
    await bench.set_tenant(**showing(1))
    return person("owner")


async def test_a_batch_is_kept_and_may_be_sent_again(bench: AnalyticsBench) -> None:
    ada = person("learner")
    events = [client_event() for _ in range(500)]
    first = await bench.ask(batch(*events), as_=ada)
    again = await bench.ask(batch(*events[:100], client_event()), as_=ada)
    assert (first.accepted, first.duplicates) == (500, 0)
    assert (again.accepted, again.duplicates) == (1, 100)


async def test_an_id_twice_in_one_batch_is_kept_once(bench: AnalyticsBench) -> None:
    event = client_event()
    receipt = await bench.ask(batch(event, event), as_=person("learner"))
    assert (receipt.accepted, receipt.duplicates) == (1, 1)


async def test_two_people_may_use_the_same_id(bench: AnalyticsBench) -> None:
    event = client_event()
    for _ in range(2):
        receipt = await bench.ask(batch(event), as_=person("learner"))
        assert receipt.accepted == 1


async def test_one_bad_time_refuses_the_whole_batch_and_is_named(bench: AnalyticsBench) -> None:
    ada = person("learner")
    events = [client_event() for _ in range(10)]
    events[7] = client_event(occurred_at=datetime.now(UTC) + timedelta(days=2))
    with pytest.raises(ValidationFailed) as caught:
        await bench.ask(batch(*events), as_=ada)
    assert [field.pointer for field in caught.value.fields] == ["/events/7/occurred_at"]
    assert (await bench.ask(ListClientEvents(), as_=ada)).items == []


async def test_an_event_too_long_ago_is_refused(bench: AnalyticsBench) -> None:
    late = client_event(occurred_at=datetime.now(UTC) - timedelta(days=367))
    with pytest.raises(ValidationFailed):
        await bench.ask(batch(late), as_=person("learner"))


async def test_a_fast_clock_is_set_right(bench: AnalyticsBench) -> None:
    ada = person("learner")
    await bench.ask(
        batch(client_event(occurred_at=datetime.now(UTC) + timedelta(hours=3))), as_=ada
    )
    [kept] = (await bench.ask(ListClientEvents(), as_=ada)).items
    assert kept.occurred_at == kept.received_at


async def test_a_late_event_counts_in_the_day_it_occurred(
    bench: AnalyticsBench, owner: Principal
) -> None:
    ada = person("learner")
    occurred = datetime.now(UTC) - timedelta(days=3)
    await bench.deliver(enrolled(ada), time=datetime.now(UTC) - timedelta(days=20))
    await bench.ask(batch(client_event(occurred_at=occurred)), as_=ada)
    metrics = await bench.ask(GetMetrics(), as_=owner)
    active = {item.period for item in metrics.items if item.active_learners}
    assert occurred.date().isoformat() in active
    assert len(active) == 2


async def test_an_event_makes_nobody_a_learner_who_is_not_enrolled(
    bench: AnalyticsBench, owner: Principal
) -> None:
    ada = person("learner")
    await bench.ask(batch(client_event()), as_=ada)
    assert (await bench.ask(GetMetrics(), as_=owner)).total.active_learners == 0
    # Longer ago than the inbox remembers.
    long_ago = datetime.now(UTC) - timedelta(days=400)
    await bench.consume_all([(uuid4(), long_ago, enrolled(ada))])
    assert (await bench.ask(GetMetrics(), as_=owner)).total.active_learners == 1


async def test_people_see_their_own_events_and_nobody_elses(bench: AnalyticsBench) -> None:
    ada, grace = person("learner"), person("learner")
    event = client_event(properties={"seconds": 12, "full": True, "note": "ü", "none": None})
    await bench.ask(batch(event), as_=ada)
    await bench.ask(batch(client_event()), as_=grace)
    [kept] = (await bench.ask(ListClientEvents(), as_=ada)).items
    assert (kept.id, kept.properties) == (event.id, event.properties)


async def test_what_somebody_sent_is_emptied_when_their_account_goes(bench: AnalyticsBench) -> None:
    ada = person("learner")
    await bench.ask(batch(client_event(properties={"note": "mine"})), as_=ada)
    await bench.run(lambda session: erase(session, UUID(ada.id)))
    assert (await bench.ask(ListClientEvents(), as_=ada)).items == []


async def test_visitors_and_services_send_nothing(bench: AnalyticsBench) -> None:
    with pytest.raises(Unauthenticated):
        await bench.ask(batch(client_event()), as_=Principal.anonymous())
    with pytest.raises(Forbidden):
        await bench.ask(batch(client_event()), as_=Principal.service("course"))
