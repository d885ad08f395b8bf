"""Promises of a saga: it completes or compensates, and never guesses."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from shop.house import TENANT, ShopHouse
from shop.models import OrderRow
from shop.service import BLIND, PURCHASE, TRANSFER, PurchaseState, expect_consistent, place
from sqlalchemy import create_engine, func, select
from structlog.testing import capture_logs

from colonnade.errors import (
    ColonnadeError,
    ConfigurationError,
    Conflict,
    DeadlineExceeded,
    NotFound,
    Unavailable,
)
from colonnade.identifiers import new_id
from colonnade.messages import Empty
from colonnade.saga_tables import SagaRow
from colonnade.sagas import Saga, SagaPhase, Step, start_saga
from colonnade.store import Session
from colonnade_runtime.background.sagas import records
from colonnade_runtime.background.sagas.binding import bind_sagas
from colonnade_runtime.calls.tenant_states import TenantState


def failing(step: str, error: Exception, times: int = 10**6) -> Callable[[str], None]:
    """Raise `error` at the first `times` calls of one step."""
    left = times

    def hook(name: str) -> None:
        nonlocal left
        if name == step and left > 0:
            left -= 1
            raise error

    return hook


class Declined(Conflict):
    """The card was declined."""

    code = "shop.declined"


async def test_a_saga_without_trouble_completes_with_every_effect_once(house: ShopHouse) -> None:
    order = await house.place()
    view = await house.until_ended(order)
    assert view.phase is SagaPhase.COMPLETED
    expect_consistent(house.world, order, view.phase)
    assert await house.order(order) == ("done", 1)
    assert f"{order}:authorise" in view.state


async def test_two_runs_that_are_due_at_once_are_looked_for_once(house: ShopHouse) -> None:
    """Two runs seldom end in one turn of the loop, so what each does at its end is done here."""
    now = house.actor.clock.now()
    house.sagas.look_again(TENANT, now)
    house.sagas.look_again(TENANT, now + timedelta(hours=1))
    house.sagas.look_again(TENANT, now)
    order = await house.place()
    assert (await house.until_ended(order)).phase is SagaPhase.COMPLETED


async def test_a_saga_with_a_later_start_waits_for_it_and_then_runs(house: ShopHouse) -> None:
    begin = house.actor.clock.now() + timedelta(seconds=0.4)
    order = new_id()

    def work(session: Session) -> None:
        session.add(OrderRow(id=order, status="new", notes=0))
        start_saga(
            session, PURCHASE, PurchaseState(order_id=order), saga_id=order, not_before=begin
        )

    await house.run(work)
    waiting = await house.sagas.show(TENANT, order)
    assert (waiting.phase, waiting.wake_at) == (SagaPhase.RUNNING, begin)
    ended = await house.until_ended(order)
    assert ended.phase is SagaPhase.COMPLETED
    assert ended.updated_at >= begin


async def test_a_transaction_that_fails_starts_no_saga(house: ShopHouse) -> None:
    order = new_id()

    def work(session: Session) -> None:
        place(order)(session)
        raise ValueError("no")

    with pytest.raises(ValueError):
        await house.run(work)
    with pytest.raises(NotFound):
        await house.sagas.show(TENANT, order)


async def test_a_saga_needs_one_commit_to_start_and_one_per_step(house: ShopHouse) -> None:
    commits = 0
    run = house.store.run

    async def counted(work, **options):  # type: ignore[no-untyped-def]
        nonlocal commits
        commits += 1
        return await run(work, **options)

    house.store.run = counted  # type: ignore[method-assign]
    order = await house.place()
    await house.until_ended(order)
    assert commits == 1 + len(PURCHASE.steps)


async def test_the_log_says_perhaps_of_a_refused_step_that_is_undone_itself(
    house: ShopHouse,
) -> None:
    """Sagas that are there at the first look may have been tried by an earlier process."""
    house.world.before = failing("reserve", Declined("No seat."))
    told = []
    for _ in range(2):
        with capture_logs() as lines:
            order = await house.place()
            await house.until_ended(order)
        [line] = [each for each in lines if each["event"] == "saga step failed"]
        told.append((line["happened"], house.world.names(str(order))["release"]))
    assert told == [("perhaps", 1), ("no", 0)]


async def test_a_refusal_before_the_pivot_undoes_what_was_done(house: ShopHouse) -> None:
    house.world.before = failing("authorise", Declined("No money."))
    order = await house.place()
    view = await house.until_ended(order)
    assert view.phase is SagaPhase.COMPENSATED
    assert view.reason == "shop.declined: No money."
    assert dict(house.world.names(str(order))) == {"reserve": 1, "release": 1}
    assert await house.order(order) == ("failed", 1)


async def test_a_refused_pivot_undoes_what_was_done_in_reverse(house: ShopHouse) -> None:
    house.world.before = failing("capture", Declined("No money."))
    order = await house.place()
    view = await house.until_ended(order)
    assert view.phase is SagaPhase.COMPENSATED
    names = [name for name, _ in house.world.effects()]
    assert names == ["reserve", "authorise", "void", "release"]


async def test_a_step_that_is_unavailable_is_tried_again(house: ShopHouse) -> None:
    house.world.before = failing("reserve", Unavailable("Not now."), times=2)
    order = await house.place()
    assert (await house.until_ended(order)).phase is SagaPhase.COMPLETED


async def test_a_step_that_stays_unavailable_before_the_pivot_turns_back(house: ShopHouse) -> None:
    house.world.before = failing("authorise", Unavailable("Not now."))
    order = await house.place()
    view = await house.until_ended(order)
    assert view.phase is SagaPhase.COMPENSATED
    assert house.world.calls["authorise"] == 3


async def test_after_the_pivot_a_step_is_tried_until_it_succeeds(house: ShopHouse) -> None:
    house.world.before = failing("activate", Declined("Not yet."), times=12)
    order = await house.place()
    view = await house.until_ended(order)
    assert view.phase is SagaPhase.COMPLETED
    expect_consistent(house.world, order, view.phase)
    assert house.world.calls["activate"] == 13


@pytest.mark.parametrize("error", [DeadlineExceeded("Late."), TimeoutError(), ValueError("bug")])
async def test_a_step_that_may_have_happened_is_found_out_about_and_not_repeated(
    house: ShopHouse, error: Exception
) -> None:
    house.world.after = failing("authorise", error, times=1)
    order = await house.place()
    view = await house.until_ended(order)
    assert view.phase is SagaPhase.COMPLETED
    expect_consistent(house.world, order, view.phase)
    assert house.world.calls["authorise"] == 1


async def test_a_step_that_did_not_happen_after_all_is_run_again(house: ShopHouse) -> None:
    house.world.before = failing("authorise", DeadlineExceeded("Late."), times=1)
    order = await house.place()
    view = await house.until_ended(order)
    assert view.phase is SagaPhase.COMPLETED
    assert house.world.calls["authorise"] == 2
    expect_consistent(house.world, order, view.phase)


async def test_an_uncertain_step_that_is_given_up_is_compensated_too(house: ShopHouse) -> None:
    house.world.after = failing("reserve", DeadlineExceeded("Late."))
    order = await house.place()
    view = await house.until_ended(order)
    assert view.phase is SagaPhase.COMPENSATED
    assert dict(house.world.names(str(order))) == {"reserve": 1, "release": 1}


async def test_what_nobody_can_find_out_needs_an_operator(house: ShopHouse) -> None:
    def trouble(name: str) -> None:
        if name in ("authorise", "find"):
            raise DeadlineExceeded("Late.")

    house.world.before = trouble
    order = await house.place()
    view = await house.until(order, SagaPhase.NEEDS_OPERATOR)
    assert "Late." in view.error
    house.world.before = lambda name: None
    await house.sagas.resume(TENANT, order)
    view = await house.until_ended(order)
    assert view.phase is SagaPhase.COMPLETED
    expect_consistent(house.world, order, view.phase)


class TestWithoutResolve:
    """A step that may not be repeated and cannot be asked about."""

    @pytest.fixture
    async def stuck(self, house: ShopHouse) -> object:
        house.world.after = failing("authorise", DeadlineExceeded("Late."), times=1)
        order = await house.place(BLIND)
        await house.until(order, SagaPhase.NEEDS_OPERATOR)
        return order

    async def test_resuming_without_a_verdict_is_refused(
        self, house: ShopHouse, stuck: object
    ) -> None:
        with pytest.raises(Conflict, match="--happened"):
            await house.sagas.resume(TENANT, stuck)  # type: ignore[arg-type]

    async def test_the_operator_says_that_it_happened(
        self, house: ShopHouse, stuck: object
    ) -> None:
        await house.sagas.resume(TENANT, stuck, happened=True)  # type: ignore[arg-type]
        view = await house.until_ended(stuck)  # type: ignore[arg-type]
        assert view.phase is SagaPhase.COMPLETED
        assert house.world.calls["authorise"] == 1

    async def test_the_operator_says_that_it_did_not(self, house: ShopHouse, stuck: object) -> None:
        await house.sagas.resume(TENANT, stuck, happened=False)  # type: ignore[arg-type]
        view = await house.until_ended(stuck)  # type: ignore[arg-type]
        assert view.phase is SagaPhase.COMPLETED
        assert house.world.calls["authorise"] == 2

    async def test_cancelling_compensates_the_step_in_question_as_well(
        self, house: ShopHouse, stuck: object
    ) -> None:
        await house.sagas.cancel(TENANT, stuck)  # type: ignore[arg-type]
        view = await house.until_ended(stuck)  # type: ignore[arg-type]
        assert view.phase is SagaPhase.CANCELED
        names = [name for name, _ in house.world.effects()]
        assert names == ["reserve", "authorise", "void", "release"]

    async def test_a_pivot_in_question_cannot_be_cancelled(self, house: ShopHouse) -> None:
        house.world.after = failing("capture", DeadlineExceeded("Late."), times=1)
        order = await house.place(BLIND)
        await house.until(order, SagaPhase.NEEDS_OPERATOR)
        with pytest.raises(Conflict, match="may have happened"):
            await house.sagas.cancel(TENANT, order)


async def test_a_compensation_that_keeps_failing_needs_an_operator(house: ShopHouse) -> None:
    def trouble(name: str) -> None:
        if name == "authorise":
            raise Declined("No money.")
        if name == "release":
            raise ValueError("stuck")

    house.world.before = trouble
    order = await house.place()
    view = await house.until(order, SagaPhase.NEEDS_OPERATOR)
    assert view.backward
    assert house.world.calls["release"] == 4
    house.world.before = lambda name: None
    await house.sagas.resume(TENANT, order)
    view = await house.until_ended(order)
    assert view.phase is SagaPhase.COMPENSATED
    expect_consistent(house.world, order, view.phase)


class TestCancelling:
    """An operator undoes a saga."""

    async def test_before_the_pivot_it_is_compensated(self, house: ShopHouse) -> None:
        order = await house.place(TRANSFER)
        await house.until(order, SagaPhase.WAITING)
        await house.sagas.cancel(TENANT, order)
        view = await house.until_ended(order)
        assert view.phase is SagaPhase.CANCELED
        assert dict(house.world.names(str(order))) == {"reserve": 1, "release": 1}

    async def test_while_a_step_runs_it_is_undone_after_it(self, house: ShopHouse) -> None:
        asked = asyncio.Event()
        answered = asyncio.Event()
        authorise = house.shop.authorise

        async def slow(call):  # type: ignore[no-untyped-def]
            asked.set()
            await answered.wait()
            return await authorise(call)

        methods = house.sagas.definitions["purchase", 1].methods
        methods["authorise"] = slow  # type: ignore[index]
        order = await house.place()
        await asyncio.wait_for(asked.wait(), 10)
        await house.sagas.cancel(TENANT, order)
        answered.set()
        view = await house.until_ended(order)
        assert view.phase is SagaPhase.CANCELED
        expect_consistent(house.world, order, view.phase)
        assert house.world.names(str(order))["void"] == 1

    async def test_after_the_pivot_it_is_refused_with_a_sentence(self, house: ShopHouse) -> None:
        house.world.before = failing("activate", Unavailable("Not now."))
        order = await house.place()
        async with asyncio.timeout(10):
            while house.world.calls["activate"] == 0:
                await asyncio.sleep(0.005)
        with pytest.raises(Conflict, match="'capture' is done"):
            await house.sagas.cancel(TENANT, order)
        house.world.before = lambda name: None
        assert (await house.until_ended(order)).phase is SagaPhase.COMPLETED

    async def test_an_ended_saga_is_refused(self, house: ShopHouse) -> None:
        order = await house.place()
        await house.until_ended(order)
        with pytest.raises(Conflict, match="completed already"):
            await house.sagas.cancel(TENANT, order)

    async def test_a_saga_of_another_tenant_is_not_found(self, house: ShopHouse) -> None:
        order = await house.place()
        with pytest.raises(NotFound):
            await house.sagas.cancel("globex", order)


class TestSignals:
    """A step that waits for something external."""

    async def test_the_step_runs_with_the_data_of_the_signal(self, house: ShopHouse) -> None:
        order = await house.place(TRANSFER)
        await house.until(order, SagaPhase.WAITING)
        assert await house.signal(order, "confirmed", {"reference": "r1"})
        assert (await house.until_ended(order)).phase is SagaPhase.COMPLETED
        assert house.shop.signals == [{"reference": "r1"}]

    async def test_a_signal_may_come_before_the_saga_waits(self, house: ShopHouse) -> None:
        order = new_id()

        def work(session: Session) -> None:
            from colonnade.sagas import signal_saga

            place(order, TRANSFER)(session)
            session.flush()
            signal_saga(session, order, "confirmed", {"early": True})

        await house.run(work)
        assert (await house.until_ended(order)).phase is SagaPhase.COMPLETED
        assert house.shop.signals == [{"early": True}]

    async def test_only_the_first_signal_of_a_name_counts(self, house: ShopHouse) -> None:
        order = await house.place(TRANSFER)
        assert await house.signal(order, "confirmed", {"number": 1})
        assert not await house.signal(order, "confirmed", {"number": 2})
        await house.until_ended(order)
        assert house.shop.signals == [{"number": 1}]

    async def test_another_signal_neither_wakes_nor_hurries_it(self, house: ShopHouse) -> None:
        order = await house.place(TRANSFER)
        await house.until(order, SagaPhase.WAITING)
        await house.signal(order, "something-else")
        assert (await house.sagas.show(TENANT, order)).phase is SagaPhase.WAITING
        await house.signal(order, "confirmed")
        assert (await house.until_ended(order)).phase is SagaPhase.COMPLETED

    async def test_a_signal_that_does_not_come_in_time_turns_the_saga_back(
        self, house: ShopHouse
    ) -> None:
        order = await house.place(TRANSFER)
        view = await house.until_ended(order)
        assert view.phase is SagaPhase.COMPENSATED
        assert "'confirmed' did not arrive within 0.5 seconds" in view.reason

    async def test_a_signal_for_no_saga_is_not_found(self, house: ShopHouse) -> None:
        with pytest.raises(NotFound):
            await house.signal(new_id(), "confirmed")


class TestTime:
    """Timeouts, restarts and tenants that pause."""

    async def test_a_saga_that_takes_too_long_turns_back(
        self, house: ShopHouse, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        house.world.before = failing("authorise", Unavailable("Not now."))
        hurried = Saga(
            "hurried",
            PurchaseState,
            (PURCHASE.steps[0], Step("authorise", "authorise", retry=PURCHASE.persistence)),
            timeout=0.05,
        )
        (bound,) = bind_sagas([hurried], [house.shop])
        house.sagas.definitions["hurried", 1] = bound
        order = await house.place(hurried)
        view = await house.until_ended(order)
        assert view.phase is SagaPhase.COMPENSATED

    async def test_a_waiting_saga_survives_a_restart(self, tmp_path: Path) -> None:
        first = ShopHouse(tmp_path / "shop")
        await first.start()
        order = await first.place(TRANSFER)
        await first.until(order, SagaPhase.WAITING)
        await first.stop()
        second = ShopHouse(tmp_path / "shop")
        await second.start()
        await second.signal(order, "confirmed")
        assert (await second.until_ended(order)).phase is SagaPhase.COMPLETED
        await second.stop()

    async def test_an_orderly_stop_leaves_nothing_in_doubt(self, tmp_path: Path) -> None:
        first = ShopHouse(tmp_path / "shop")
        await first.start()
        order = await first.place(BLIND)
        async with asyncio.timeout(10):
            while first.world.calls["reserve"] == 0:
                await asyncio.sleep(0)
        await first.stop()
        second = ShopHouse(tmp_path / "shop")
        await second.start()
        assert (await second.until_ended(order)).phase is SagaPhase.COMPLETED
        assert second.world.names(str(order))["authorise"] == 1
        await second.stop()

    async def test_sagas_of_a_suspended_tenant_wait(self, house: ShopHouse) -> None:
        house.states[TENANT] = TenantState.SUSPENDED
        order = await house.place()
        await house.sweeper.sweep()
        assert house.world.calls == {}
        house.states[TENANT] = TenantState.ACTIVE
        assert (await house.until_ended(order)).phase is SagaPhase.COMPLETED

    async def test_a_tenant_is_forgotten_when_its_last_saga_has_ended(
        self, house: ShopHouse
    ) -> None:
        order = await house.place(TRANSFER)
        await house.until(order, SagaPhase.WAITING)
        await house.sweeper.sweep()
        assert await house.control.tenants_with_work() == [TENANT]
        await house.signal(order, "confirmed")
        await house.until_ended(order)
        async with asyncio.timeout(10):
            while await house.control.tenants_with_work():
                await asyncio.sleep(0.01)


async def test_sagas_are_listed_by_phase_and_name(house: ShopHouse) -> None:
    done = await house.place()
    await house.until_ended(done)
    waiting = await house.place(TRANSFER)
    await house.until(waiting, SagaPhase.WAITING)
    every = await house.sagas.list(TENANT)
    assert [view.id for view in every] == [waiting, done]
    completed = await house.sagas.list(TENANT, phases=[SagaPhase.COMPLETED])
    assert [view.id for view in completed] == [done]
    assert [view.id for view in await house.sagas.list(TENANT, name="transfer")] == [waiting]


async def test_a_saga_that_no_plugin_defines_needs_an_operator(house: ShopHouse) -> None:
    del house.sagas.definitions["transfer", 1]
    order = await house.place(TRANSFER)
    view = await house.until(order, SagaPhase.NEEDS_OPERATOR)
    assert "No enabled plugin defines the saga 'transfer'" in view.error


class TestDeclaring:
    """Definitions that are refused."""

    @pytest.mark.parametrize(
        ("steps", "sentence"),
        [
            ((), "has no steps"),
            ((Step("a", "x"), Step("a", "x")), "two steps of one name"),
            ((Step("a", "x", pivot=True), Step("b", "x", pivot=True)), "more than one pivot"),
            ((Step("A b", "x"),), "lower case"),
            ((Step("a", "x", pivot=True, compensation="y"),), "pivot or comes after"),
            ((Step("a", "x", pivot=True), Step("b", "x", compensation="y")), "comes after"),
        ],
    )
    def test_a_contradiction_is_refused(self, steps: tuple[Step, ...], sentence: str) -> None:
        with pytest.raises(ConfigurationError, match=sentence):
            Saga("odd", Empty, steps)

    def test_a_missing_method_is_refused(self, house: ShopHouse) -> None:
        with pytest.raises(ConfigurationError, match="none of the service's objects has"):
            bind_sagas([Saga("odd", Empty, (Step("a", "missing"),))], [house.shop])

    async def test_a_state_of_another_model_is_refused(self, house: ShopHouse) -> None:
        with pytest.raises(ConfigurationError, match="PurchaseState"):
            await house.run(lambda session: start_saga(session, PURCHASE, Empty()))


def test_errors_of_the_shop_are_business_errors() -> None:
    from colonnade_runtime.background.sagas.transitions import Failure, classify

    assert classify(Declined()) is Failure.REFUSED
    assert classify(Unavailable()) is Failure.ABSENT
    assert classify(ColonnadeError()) is Failure.UNCERTAIN


def test_looking_for_active_sagas_reads_through_none_that_ended() -> None:
    """Ended sagas are kept for months: a look must not cost more from day to day."""
    engine = create_engine("sqlite://")
    SagaRow.metadata.create_all(engine.execution_options(schema_translate_map={"tenant": None}))
    query = select(SagaRow.id).where(records.ACTIVE, SagaRow.wake_at <= func.now())
    statement = str(query.compile(engine)).replace("tenant.", "")
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").scalars(3).all()
    assert any("ix_colonnade_sagas_active" in line for line in plan), plan
