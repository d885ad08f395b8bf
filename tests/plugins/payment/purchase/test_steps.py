"""Purchases, with every way in which a provider can behave."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from payment_academy import OPEN, Academy, person, until

from colonnade.errors import Forbidden, IdempotencyKeyReused, InvalidRequest, NotFound
from colonnade.money import Money
from colonnade.sagas import Resolution, Saga, SagaPhase, StepCall
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_course.api import CreateCourse, UnpublishCourse
from colonnade_course.reactions import UserReactions as CourseUserReactions
from colonnade_payment.api import (
    AlreadyEnrolled,
    CancelPayment,
    CourseIsFree,
    CreatePayment,
    GetPayment,
    ListPayments,
    NotCancelable,
    ProviderAction,
)
from colonnade_payment.handlers import payments as payment_handlers
from colonnade_payment.models import PaymentRow
from colonnade_payment.purchase.saga import PURCHASE, PurchaseState
from colonnade_payment.purchase.steps import PurchaseSteps
from colonnade_payment.reactions import AccountReactions
from colonnade_payment.reconciliation import provider_polling
from colonnade_payment.reconciliation.abandoned_payments import AbandonedPayments
from colonnade_payment.reconciliation.late_authorizations import VOID
from colonnade_payment.reconciliation.provider_polling import ProviderPolling
from colonnade_payment.refund.saga import REFUND
from colonnade_payment.sandbox.behaviour import BEHAVIOURS, Behaviour
from colonnade_runtime.background.sagas.saga_progress import SagaProgress
from colonnade_runtime.background.sagas.transitions import (
    Failure,
    TransitionContext,
    failed,
    resolved,
    undo_failed,
)
from colonnade_user.api import UserDeleted

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def kinds(academy: Academy, payment: object) -> list[str]:
    return [act.record.action.value for act in await academy.acts(payment)]


async def test_a_purchase_reserves_authorises_captures_and_enrols(academy: Academy) -> None:
    course = await academy.course()
    payment = await academy.bought(course.id)
    assert payment.status == "captured"
    assert payment.captured_at is not None
    [enrollment] = await academy.enrollments(payment)
    assert (enrollment.id, enrollment.status) == (payment.enrollment_id, "active")
    assert await kinds(academy, payment) == ["authorize", "capture"]


async def test_provider_calls_carry_the_saga_and_the_step(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id)
    keys = [act.key for act in await academy.acts(payment)]
    assert keys == [f"{payment.id}:authorize", f"{payment.id}:capture"]


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("tok_declined", "card_declined"),
        ("tok_insufficient_funds", "insufficient_funds"),
        ("tok_nobody_knows", "unknown_method"),
    ],
)
async def test_a_refused_method_gives_the_seat_back(
    academy: Academy, method: str, code: str
) -> None:
    course = await academy.course(seats=1)
    payment = await academy.bought(course.id, method)
    assert (payment.status, payment.reason_code) == ("declined", code)
    assert [item.status for item in await academy.enrollments(payment)] == ["ended"]
    assert (await academy.bought(course.id)).status == "captured"


async def test_a_refused_capture_voids_the_authorisation(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id, "tok_capture_declined")
    assert (payment.status, payment.reason_code) == ("declined", "capture_failed")
    assert (await kinds(academy, payment))[-1] == "void"
    assert await academy.journals(payment) == []


async def test_a_refused_void_keeps_neither_the_seat_nor_the_question(
    academy: Academy, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuses = Behaviour(frozenset({ProviderAction.CAPTURE, ProviderAction.VOID}), "gone", "Gone.")
    monkeypatch.setitem(BEHAVIOURS, "tok_void_declined", refuses)
    course = await academy.course(seats=1)
    payment = await academy.bought(course.id, "tok_void_declined")
    assert (payment.status, payment.reason_code) == ("declined", "gone")
    assert [item.status for item in await academy.enrollments(payment)] == ["ended"]
    watched = await academy.read(
        lambda session: session.get_one(PaymentRow, payment.id).watch_until
    )
    assert watched is not None, "a capture may be why the void was refused"


AWAY: dict[SagaPhase, Callable[[TransitionContext, SagaProgress], SagaProgress]] = {
    SagaPhase.RUNNING: lambda moment, so_far: failed(moment, so_far, Failure.ABSENT, "away"),
    SagaPhase.UNKNOWN: lambda moment, so_far: resolved(moment, so_far, None, "away"),
    SagaPhase.COMPENSATING: lambda moment, so_far: undo_failed(moment, so_far, "away"),
}


@pytest.mark.parametrize(
    ("saga", "phase"),
    [
        (PURCHASE, SagaPhase.UNKNOWN),
        (PURCHASE, SagaPhase.COMPENSATING),
        (REFUND, SagaPhase.UNKNOWN),
        (REFUND, SagaPhase.RUNNING),
        (VOID, SagaPhase.RUNNING),
    ],
)
async def test_a_provider_that_is_away_for_a_day_leaves_nothing_to_an_operator(
    saga: Saga, phase: SagaPhase
) -> None:
    began = now = datetime(2026, 3, 1, tzinfo=UTC)
    progress = SagaProgress(phase, saga.pivot, b"", backward=phase is SagaPhase.COMPENSATING)
    while now < began + timedelta(days=1):
        progress = AWAY[phase](TransitionContext(saga, now), progress)
        assert progress.phase is phase
        assert progress.wake_at is not None
        now = progress.wake_at


async def test_a_provider_that_acts_and_never_answers_captures_once(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id, "tok_timeout")
    assert payment.status == "captured"
    assert await kinds(academy, payment) == ["authorize", "capture"]
    assert [journal.kind for journal in await academy.journals(payment)] == ["capture"]


async def test_a_slow_provider_is_waited_for_or_asked(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id, "tok_slow")
    assert payment.status == "captured"
    assert await kinds(academy, payment) == ["authorize", "capture"]


async def test_a_request_that_is_lost_is_given_up_and_nothing_is_taken(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id, "tok_lost")
    assert (payment.status, payment.reason_code) == ("canceled", "payment.no_answer")
    assert await kinds(academy, payment) == ["authorize", "void"]
    assert [item.status for item in await academy.enrollments(payment)] == ["ended"]


async def test_a_payment_is_unknown_while_its_provider_cannot_say(academy: Academy) -> None:
    payment = await academy.order(person(), (await academy.course()).id, "tok_lost")

    async def is_unknown() -> bool:
        return (await academy.payment(payment.id)).status == "unknown"

    await until(is_unknown)
    await academy.settled(payment)


async def test_a_capture_after_the_purchase_was_given_up_is_refunded_by_itself(
    academy: Academy,
) -> None:
    payment = await academy.bought((await academy.course()).id, "tok_late")
    assert payment.status == "canceled"
    polling = academy.hosted.object_of(ProviderPolling)

    async def is_refunded() -> bool:
        await academy.as_service(polling.ask_providers)
        return (await academy.payment(payment.id)).status == "refunded"

    await until(is_refunded)
    assert [journal.kind for journal in await academy.journals(payment)] == ["refund", "capture"]
    assert [act.record.action for act in await academy.acts(payment)].count(
        ProviderAction.REFUND
    ) == 1
    assert not [item for item in await academy.enrollments(payment) if item.status == "active"]


async def test_everybody_who_is_watched_has_a_turn(
    academy: Academy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_polling, "AT_ONCE", 2)
    course = (await academy.course()).id
    orders = [
        await academy.order(person(), course, method)
        for method in ("tok_lost", "tok_lost", "tok_late")
    ]
    *_, late = [await academy.settled(order) for order in orders]
    assert late.status == "canceled"
    polling = academy.hosted.object_of(ProviderPolling)

    async def is_refunded() -> bool:
        await academy.as_service(polling.ask_providers)
        return (await academy.payment(late.id)).status == "refunded"

    await until(is_refunded)


async def test_a_capture_that_was_cut_off_and_is_denied_may_come_all_the_same(
    academy: Academy,
) -> None:
    """A process that dies while the provider captures leaves no note that nobody answered; when
    the buyer gives up before the next try, only the question asked since says so."""
    payment = await academy.bought((await academy.course()).id, "tok_declined")
    state = PurchaseState(
        payment_id=payment.id,
        user_id=payment.user_id,
        course_id=payment.course_id,
        provider="sandbox",
        method="tok_declined",
        amount=payment.amount,
        authorization="auth_of_another_life",
    )
    call = StepCall(payment.id, "purchase", "capture", f"{payment.id}:capture", 1, state)

    def reopen(session: Session) -> None:
        session.get_one(PaymentRow, payment.id).status = "authorized"

    await academy.write(reopen)
    purchases = academy.hosted.object_of(PurchaseSteps)
    resolution = await academy.as_service(lambda: purchases.find_capture(call))
    assert resolution == Resolution.did_not_happen()
    assert (await academy.payment(payment.id)).status == "unknown"


async def test_the_last_seat_raced_by_twenty_goes_to_one(academy: Academy) -> None:
    course = await academy.course(seats=1)
    orders = [await academy.order(person(), course.id) for _ in range(20)]
    payments = [await academy.settled(order) for order in orders]
    statuses = sorted(payment.status for payment in payments)
    assert statuses == ["canceled"] * 19 + ["captured"]
    assert {p.reason_code for p in payments if p.status == "canceled"} == {"course.full"}


async def test_a_free_course_is_not_sold(academy: Academy) -> None:
    course = await academy.course(price=0)
    with pytest.raises(CourseIsFree):
        await academy.order(person(), course.id)


async def test_a_draft_is_like_no_course(academy: Academy) -> None:
    course = await academy.course()
    from payment_academy import OWNER

    await academy.ask(OWNER, UnpublishCourse(course_id=course.id))
    with pytest.raises(NotFound):
        await academy.order(person(), course.id)
    with pytest.raises(NotFound):
        await academy.order(person(), uuid4())
    draft = CreateCourse(title="Draft", slug=f"draft-{uuid4().hex}")
    made = await academy.ask(OWNER, draft)
    with pytest.raises(NotFound):
        await academy.order(person(), made.id)


async def test_who_is_enrolled_cannot_buy_again(academy: Academy) -> None:
    course, buyer = await academy.course(), person()
    payment = await academy.bought(course.id, buyer=buyer)
    with pytest.raises(AlreadyEnrolled) as refusal:
        await academy.order(buyer, course.id)
    assert refusal.value.details["enrollment_id"] == str(payment.enrollment_id)


async def test_the_price_is_that_of_the_order(academy: Academy) -> None:
    payment = await academy.order(person(), (await academy.course(price=1234)).id)
    assert (payment.amount.amount, payment.list_price.amount) == (1234, 1234)
    await academy.settled(payment)


async def test_a_buyer_gives_up_before_the_capture(academy: Academy) -> None:
    buyer = person()
    payment = await academy.order(buyer, (await academy.course()).id, "tok_slow")
    answer = await academy.ask(buyer, CancelPayment(payment_id=payment.id))
    assert answer.status in OPEN
    after = await academy.settled(payment)
    assert (after.status, after.reason_code) == ("canceled", "payment.canceled_by_buyer")
    assert "capture" not in await kinds(academy, payment)
    again = await academy.ask(buyer, CancelPayment(payment_id=payment.id))
    assert again.status == "canceled"


class TestDeletedAccounts:
    """People whose account is deleted pay for nothing that they cannot have."""

    async def test_before_the_capture_nothing_is_taken(self, academy: Academy) -> None:
        payment = await academy.order(person(), (await academy.course()).id, "tok_slow")
        gone = UserDeleted(user_id=payment.user_id)
        await academy.write(lambda session: AccountReactions().user_deleted(session, gone))
        after = await academy.settled(payment)
        assert (after.status, after.reason_code) == ("canceled", "payment.canceled_by_buyer")
        assert "capture" not in await kinds(academy, payment)

    async def test_before_the_enrolment_everything_goes_back(self, academy: Academy) -> None:
        payment = await academy.order(person(), (await academy.course()).id, "tok_slow")
        gone = UserDeleted(user_id=payment.user_id)

        async def has_a_seat() -> bool:
            return (await academy.payment(payment.id)).enrollment_id is not None

        await until(has_a_seat)
        store = academy.hosted.contexts["course"].store
        course = CourseUserReactions()
        await academy.as_service(
            lambda: store.run(lambda session: course.user_deleted(session, gone))
        )
        await academy.idle(payment.id)
        [refund] = await academy.refunds(payment)
        await academy.idle(refund.id)
        after = await academy.payment(payment.id)
        assert (after.status, after.refunded) == ("refunded", after.amount)
        assert [item.kind for item in await academy.journals(payment)] == ["refund", "capture"]
        assert [item.status for item in await academy.enrollments(payment)] == ["ended"]


async def test_a_captured_payment_cannot_be_canceled(academy: Academy) -> None:
    buyer = person()
    payment = await academy.bought((await academy.course()).id, buyer=buyer)
    with pytest.raises(NotCancelable):
        await academy.ask(buyer, CancelPayment(payment_id=payment.id))


async def test_a_purchase_that_ended_without_saying_so_is_closed(academy: Academy) -> None:
    from colonnade.saga_tables import SagaRow
    from colonnade_payment.models import PaymentRow

    payment = await academy.bought((await academy.course()).id, "tok_declined")

    def reopen(session: object) -> None:
        session.get_one(PaymentRow, payment.id).status = "pending"
        assert session.get_one(SagaRow, payment.id).phase == "compensated"

    await academy.write(reopen)
    await academy.as_service(academy.hosted.object_of(AbandonedPayments).close_abandoned)
    assert (await academy.payment(payment.id)).status == "declined"


class TestIdempotencyKeys:
    """The same key and body are one order."""

    async def test_at_any_later_time_the_answer_is_the_first(self, academy: Academy) -> None:
        course, buyer = await academy.course(), person()
        first = await academy.order(buyer, course.id, key="one")
        await academy.settled(first)
        assert await academy.order(buyer, course.id, key="one") == first

    async def test_in_parallel_there_is_one_effect(self, academy: Academy) -> None:
        course, buyer = await academy.course(), person()
        answers = await asyncio.gather(
            *(academy.order(buyer, course.id, key="same") for _ in range(10))
        )
        assert len({answer.id for answer in answers}) == 1
        page = await academy.ask(buyer, ListPayments())
        assert [item.id for item in page.items] == [answers[0].id]
        await academy.settled(answers[0])

    async def test_one_that_is_overtaken_by_its_twin_is_answered_alike(
        self, academy: Academy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        course, buyer = await academy.course(), person()
        price, twins = payment_handlers.course_price, []

        async def price_after_the_twin(ctx: ServiceContext, course_id: UUID) -> Money:
            monkeypatch.setattr(payment_handlers, "course_price", price)
            twins.append(await academy.order(buyer, course.id, key="twin"))
            await academy.settled(twins[0])
            return await price(ctx, course_id)

        monkeypatch.setattr(payment_handlers, "course_price", price_after_the_twin)
        assert [await academy.order(buyer, course.id, key="twin")] == twins

    async def test_another_body_is_refused(self, academy: Academy) -> None:
        course, buyer = await academy.course(), person()
        first = await academy.order(buyer, course.id, key="k")
        with pytest.raises(IdempotencyKeyReused):
            await academy.order(buyer, course.id, "tok_slow", key="k")
        await academy.settled(first)

    async def test_a_null_is_the_same_as_nothing(self, academy: Academy) -> None:
        course, buyer = await academy.course(), person()
        first = await academy.order(buyer, course.id, key="k")
        assert (await academy.order(buyer, course.id, key="k", coupon=None)).id == first.id
        await academy.settled(first)

    async def test_anothers_key_is_another_key(self, academy: Academy) -> None:
        course = await academy.course()
        first = await academy.order(person(), course.id, key="k")
        second = await academy.order(person(), course.id, key="k")
        assert first.id != second.id
        await academy.settled(first)
        await academy.settled(second)

    async def test_without_a_key_nothing_is_ordered(self, academy: Academy) -> None:
        course = await academy.course()
        request = CreatePayment(course_id=course.id, method="tok_ok")
        with pytest.raises(InvalidRequest, match="Idempotency-Key"):
            await academy.ask(person(), request)

    @pytest.mark.parametrize("key", ["", "x" * 256, "line\nbreak", "ключ"])
    async def test_a_malformed_key_is_refused(self, academy: Academy, key: str) -> None:
        course = await academy.course()
        request = CreatePayment(course_id=course.id, method="tok_ok")
        with pytest.raises(InvalidRequest, match="255 printable"):
            await academy.ask(person(), request, key)


async def test_nobody_sees_anothers_payment(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id)
    with pytest.raises(NotFound):
        await academy.ask(person(), GetPayment(payment_id=payment.id))
    assert (await academy.ask(person(), ListPayments())).items == []


async def test_only_people_buy(academy: Academy) -> None:
    from colonnade.context import Principal

    course = await academy.course()
    request = CreatePayment(course_id=course.id, method="tok_ok")
    with pytest.raises(Forbidden):
        await academy.ask(Principal.service("operator"), request, "k")
