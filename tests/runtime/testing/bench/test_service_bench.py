"""`ServiceBench`: a service of somebody's own, on everything real but the world around it."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from acme_quiz import plugin as quiz_plugin
from acme_quiz.api import CreateQuiz
from parcels import plugin
from parcels.api import (
    Accept,
    Accepted,
    Burn,
    Delivered,
    FindRoute,
    GetParcel,
    GetWeather,
    Parcel,
    Returned,
    Route,
    Stormed,
    Unroutable,
)
from parcels.models import ParcelRow
from parcels.service import Parcels

from colonnade.context import Principal
from colonnade.errors import ConfigurationError, Forbidden, NotFound, Unauthenticated
from colonnade.messages import Empty
from colonnade.policy import PolicyError
from colonnade.sagas import SagaPhase
from colonnade_course import plugin as course_plugin
from colonnade_course.api import CreateCourse
from colonnade_runtime.declaration import DeclarationError
from colonnade_runtime.testing import ServiceBench
from colonnade_runtime.testing.bench.stubs import NotStubbed


def route(request: FindRoute) -> Route:
    """The carrier goes everywhere."""
    return Route(address=request.address.upper())


@pytest.fixture
async def bench() -> AsyncIterator[ServiceBench]:
    async with ServiceBench(plugin) as running:
        running.stub(FindRoute, route)
        yield running


@pytest.fixture
def ada(bench: ServiceBench) -> Principal:
    return bench.person(roles={"learner"})


async def accepted(bench: ServiceBench, tenant: str = "acme") -> Parcel:
    return await bench.ask(Accept(address="Bath"), as_=bench.person(), tenant=tenant)


class TestAsking:
    """Operations are decided and done as on a platform."""

    async def test_the_handler_answers_whom_the_policy_lets(self, bench: ServiceBench) -> None:
        parcel = await accepted(bench)
        assert await bench.ask(GetParcel(parcel_id=parcel.id), as_=bench.person()) == parcel

    async def test_what_no_rule_grants_is_refused(
        self, bench: ServiceBench, ada: Principal
    ) -> None:
        with pytest.raises(Forbidden):
            await bench.ask(Burn(parcel_id=uuid4()), as_=ada)

    async def test_a_stranger_asks_unless_it_is_said_who_does(self, bench: ServiceBench) -> None:
        with pytest.raises(Unauthenticated):
            await bench.ask(GetParcel(parcel_id=uuid4()))

    async def test_one_tenants_things_are_not_anothers(self) -> None:
        async with ServiceBench(plugin, tenants=("acme", "globex")) as bench:
            bench.stub(FindRoute, route)
            parcel = await accepted(bench, "globex")
            with pytest.raises(NotFound):
                await bench.ask(GetParcel(parcel_id=parcel.id), as_=bench.person())
            assert await bench.published() == []
            assert len(await bench.published(tenant="globex")) == 1

    async def test_outside_of_the_block_nothing_answers(self) -> None:
        bench = ServiceBench(plugin)
        with pytest.raises(RuntimeError, match="async with"):
            await bench.ask(GetParcel(parcel_id=uuid4()))

    async def test_two_services_ask_each_other_without_stubs(self) -> None:
        async with ServiceBench(quiz_plugin, course_plugin) as bench:
            owner = bench.person(roles={"owner"})
            course = await bench.ask(CreateCourse(title="Python", slug="python"), as_=owner)
            quiz = await bench.ask(CreateQuiz(course_id=course.id, title="Loops"), as_=owner)
            assert quiz.course_id == course.id


class TestPolicies:
    """Whoever runs a platform may narrow what the plugin grants."""

    async def test_an_operators_file_takes_the_place_of_the_plugins(self) -> None:
        closed = plugin.POLICY.replace("parcel.create", "parcel.burn", 1)
        nobody = closed.partition("grants")[0] + 'actions contains "parcel.create"\n'
        async with ServiceBench(plugin, policies={"parcels.rego": nobody}) as bench:
            with pytest.raises(Forbidden):
                await bench.ask(Accept(address="Bath"), as_=bench.person())

    async def test_a_policy_that_is_wrong_does_not_start(self) -> None:
        with pytest.raises(PolicyError, match=r"wrong\.rego"):
            async with ServiceBench(plugin, policies={"wrong.rego": "package ("}):
                pass


class TestStubs:
    """What other services answer is said by the test."""

    async def test_a_stub_is_asked_over_the_bus_as_whoever_asks(
        self, bench: ServiceBench, ada: Principal
    ) -> None:
        stub = bench.stub(FindRoute, route)
        await bench.ask(Accept(address="Bath"), as_=ada)
        assert stub.requests == [FindRoute(address="Bath")]
        assert [each.principal for each in stub.contexts] == [ada]

    async def test_a_message_or_an_error_will_do(self, bench: ServiceBench, ada: Principal) -> None:
        bench.stub(FindRoute, Route(address="anywhere"))
        assert (await bench.ask(Accept(address="Bath"), as_=ada)).address == "anywhere"
        bench.stub(FindRoute, Unroutable("No road leads there."))
        with pytest.raises(Unroutable, match="No road"):
            await bench.ask(Accept(address="Bath"), as_=ada)

    async def test_it_may_take_its_time(self, bench: ServiceBench, ada: Principal) -> None:
        async def later(request: FindRoute) -> Route:
            await asyncio.sleep(0)
            return route(request)

        bench.stub(FindRoute, later)
        assert (await bench.ask(Accept(address="Bath"), as_=ada)).address == "BATH"

    async def test_it_may_be_there_before_the_service_starts(self) -> None:
        bench = ServiceBench(plugin)
        asked = bench.stub(FindRoute, route)
        async with bench:
            assert (await accepted(bench)).address == "BATH"
        assert asked.requests == [FindRoute(address="Bath")]

    async def test_what_was_not_stubbed_is_said_at_once(self) -> None:
        async with ServiceBench(plugin) as bench:
            with pytest.raises(NotStubbed, match=r"carrier.*bench\.stub"):
                await accepted(bench)

    async def test_an_answer_of_another_operation_is_a_mistake(
        self, bench: ServiceBench, ada: Principal
    ) -> None:
        bench.stub(FindRoute, Empty())
        with pytest.raises(TypeError, match="no Route"):
            await bench.ask(Accept(address="Bath"), as_=ada)

    async def test_a_service_that_is_not_required_has_no_stub(self, bench: ServiceBench) -> None:
        with pytest.raises(ConfigurationError, match="add 'weather' to `requires`"):
            bench.stub(GetWeather, Empty())

    async def test_a_service_under_test_has_no_stub(self, bench: ServiceBench) -> None:
        with pytest.raises(ConfigurationError, match="under test"):
            bench.stub(GetParcel, Empty())


class TestEvents:
    """What is published can be seen, and what happens elsewhere be brought."""

    async def test_published_events_are_those_that_committed(self, bench: ServiceBench) -> None:
        parcel = await accepted(bench)
        [(envelope, event)] = await bench.envelopes(Accepted)
        assert event == Accepted(parcel_id=parcel.id)
        assert (envelope.tenant, envelope.subject) == ("acme", str(parcel.id))
        assert await bench.published(Returned) == []

    async def test_a_delivered_event_has_taken_effect(self, bench: ServiceBench) -> None:
        parcel = await accepted(bench)
        await bench.deliver(Delivered(parcel_id=parcel.id))
        row = await bench.read(lambda session: session.get(ParcelRow, parcel.id))
        assert row is not None
        assert row.status == "delivered"

    async def test_one_event_takes_effect_once(self, bench: ServiceBench) -> None:
        parcel, event_id = await accepted(bench), uuid4()
        await bench.deliver(Delivered(parcel_id=parcel.id), event_id=event_id)
        await bench.run(lambda session: _set(session, parcel, "kept"))
        await bench.deliver(Delivered(parcel_id=parcel.id), event_id=event_id)
        assert (await _read(bench, parcel)).status == "kept"

    async def test_what_a_reaction_raises_reaches_the_test(self, bench: ServiceBench) -> None:
        with pytest.raises(NotFound, match="no parcel"):
            await bench.deliver(Delivered(parcel_id=uuid4()))
        [letter] = await bench.dead_letters()
        assert letter.attempts == 1

    async def test_a_reaction_is_tried_as_often_as_is_said(self) -> None:
        async with ServiceBench(plugin, attempts=3) as bench:
            with pytest.raises(NotFound):
                await bench.deliver(Delivered(parcel_id=uuid4()))
            [letter] = await bench.dead_letters()
            assert letter.attempts == 3

    async def test_an_event_from_before_the_inbox_is_not_lost_in_silence(
        self, bench: ServiceBench
    ) -> None:
        old = bench.clock.now() - timedelta(days=400)
        with pytest.raises(AssertionError, match="given up"):
            await bench.deliver(Delivered(parcel_id=uuid4()), time=old)

    async def test_an_event_that_nobody_hears_is_a_mistake(self, bench: ServiceBench) -> None:
        with pytest.raises(ConfigurationError, match="reacts to Stormed"):
            await bench.deliver(Stormed(place="Bath"))

    async def test_own_events_are_handled_by_the_time_it_is_settled(
        self, bench: ServiceBench
    ) -> None:
        parcel = await accepted(bench)
        await bench.run(lambda session: session.publish(Returned(parcel_id=parcel.id)))
        await bench.settle()
        assert (await _read(bench, parcel)).status == "returned"

    async def test_what_fails_meanwhile_is_raised(self, bench: ServiceBench) -> None:
        await bench.run(lambda session: session.publish(Returned(parcel_id=uuid4())))
        with pytest.raises(NotFound, match="no parcel"):
            await bench.settle()

    async def test_waiting_has_a_bound(self, bench: ServiceBench) -> None:
        async def never() -> bool:
            return False

        with pytest.raises(AssertionError, match=r"After 0\.01 seconds"):
            await bench.until(never, seconds=0.01)


class TestTime:
    """The clock is the test's."""

    async def test_a_schedule_runs_when_it_is_told_to(self, bench: ServiceBench) -> None:
        parcel = await accepted(bench)
        await bench.run_schedule("send-back")
        assert await bench.published(Returned) == []
        bench.clock.advance(days=8)
        await bench.run_schedule("send-back")
        await bench.settle()
        assert (await _read(bench, parcel)).status == "returned"

    async def test_there_is_no_such_schedule(self, bench: ServiceBench) -> None:
        with pytest.raises(ConfigurationError, match=r"no schedule 'sned-back' .*'send-back'\?"):
            await bench.run_schedule("sned-back")

    async def test_a_saga_gives_up_waiting_when_its_time_has_come(
        self, bench: ServiceBench
    ) -> None:
        parcel = await accepted(bench)
        await bench.settle()
        assert (await bench.saga(parcel.id)).phase is SagaPhase.WAITING
        bench.clock.advance(hours=2)
        await bench.settle()
        [saga] = await bench.sagas("fetching")
        assert saga.phase.has_ended

    async def test_a_clock_that_was_set_stands_still(self, bench: ServiceBench) -> None:
        moment = datetime(2030, 1, 7, 9, tzinfo=UTC)
        bench.clock.set(moment)
        await accepted(bench)
        [(envelope, _)] = await bench.envelopes(Accepted)
        assert envelope.time == moment == bench.clock.now()
        bench.clock.advance(minutes=5)
        assert bench.clock.now() == moment + timedelta(minutes=5)
        bench.clock.run()
        assert bench.clock.now() < moment

    async def test_requests_over_http_have_as_long_as_ever_however_it_is_moved(self) -> None:
        async with ServiceBench(course_plugin) as bench:
            http = bench.client(bench.person(roles={"owner"}))
            for days in (400, -800):
                bench.clock.advance(days=days)
                assert (await http.get("/api/v1/courses")).status_code == 200

    def test_a_moment_has_a_zone(self) -> None:
        with pytest.raises(ValueError, match="zone"):
            ServiceBench(plugin).clock.set(datetime(2030, 1, 7))  # noqa: DTZ001


class TestDeclaration:
    """What an operator would declare."""

    async def test_configuration_is_checked_as_on_a_platform(self) -> None:
        with pytest.raises(DeclarationError, match=r"services\.parcels\.config\.weeks"):
            async with ServiceBench(plugin, config={"parcels": {"weeks": 1}}):
                pass

    async def test_it_is_taken_up_while_the_service_runs(self, bench: ServiceBench) -> None:
        await bench.declare(config={"parcels": {"days": 1}})
        parcel = await accepted(bench)
        row = await bench.read(lambda session: session.get(ParcelRow, parcel.id))
        assert row is not None
        assert row.kept_until < bench.clock.now() + timedelta(days=2)

    async def test_what_is_refused_says_why(self, bench: ServiceBench) -> None:
        with pytest.raises(ConfigurationError, match="days"):
            await bench.declare(config={"parcels": {"days": 0}})

    async def test_tenants_come_while_it_runs(self, bench: ServiceBench) -> None:
        await bench.declare(tenants={"acme": {}, "globex": {"plan": "pro"}})
        await accepted(bench, "globex")
        assert bench.tenants == ("acme", "globex")


class TestReplicas:
    """Several benches may have one folder, as replicas of one process do."""

    async def test_they_have_the_same_stores(self, tmp_path: Path) -> None:
        first, second = (ServiceBench(plugin, folder=tmp_path, replica=number) for number in (1, 2))
        async with first, second:
            first.stub(FindRoute, route)
            parcel = await accepted(first)
            read = await second.ask(GetParcel(parcel_id=parcel.id), as_=second.person())
            await first.settle()
        assert read.id == parcel.id

    async def test_one_that_has_no_number_has_its_folder_alone(self, tmp_path: Path) -> None:
        async with ServiceBench(plugin, folder=tmp_path):
            with pytest.raises(ConfigurationError, match="in use by the process"):
                async with ServiceBench(plugin, folder=tmp_path):
                    pass


class TestInside:
    """What a test may look at."""

    async def test_objects_and_context_are_the_services_own(self, bench: ServiceBench) -> None:
        [parcels] = bench.objects()
        assert isinstance(parcels, Parcels)
        assert bench.service_context("parcels").name == "parcels"

    async def test_faults_are_seen_until_they_are_mended(self, bench: ServiceBench) -> None:
        faults = bench.service_context().faults
        faults.report("scales", "The scales are stuck.", mend="Shake them.", tenant="acme")
        [fault] = bench.faults()
        assert (fault.source, fault.kind, fault.tenant) == ("parcels", "scales", "acme")
        faults.withdraw("scales", tenant="acme")
        assert bench.faults() == []

    async def test_a_service_that_is_not_under_test_has_none(self, bench: ServiceBench) -> None:
        with pytest.raises(ConfigurationError, match="'carrier' is not under test"):
            bench.service_context("carrier")


async def test_nothing_is_left_behind() -> None:
    async with ServiceBench(plugin) as first:
        first.stub(FindRoute, route)
        await accepted(first)
    tasks, threads = asyncio.all_tasks(), set(threading.enumerate())
    async with ServiceBench(plugin) as bench:
        bench.stub(FindRoute, route)
        await accepted(bench)
        folder = bench.folder
    assert asyncio.all_tasks() == tasks
    assert not folder.exists()
    for thread in set(threading.enumerate()) - threads:
        # The loop's own threads are as many as were ever busy at once, and end with the loop.
        if thread.name.startswith("asyncio_"):
            continue
        await asyncio.to_thread(thread.join, 5.0)
        assert not thread.is_alive(), thread.name


async def test_entering_costs_little_after_the_first() -> None:
    costs = []
    for _ in range(6):
        before = time.process_time()
        async with ServiceBench(plugin):
            costs.append(time.process_time() - before)
    assert min(costs) < 0.1, costs


def _set(session, parcel: Parcel, status: str) -> None:  # type: ignore[no-untyped-def]
    row = session.get(ParcelRow, parcel.id)
    row.status = status


async def _read(bench: ServiceBench, parcel: Parcel) -> Parcel:
    return await bench.ask(GetParcel(parcel_id=parcel.id), as_=bench.person())
