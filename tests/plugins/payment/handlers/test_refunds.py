"""Refunds: never more than was captured, booked once, and what they do to the enrolment."""

import asyncio

import pytest
from payment_academy import OWNER, Academy, person, until

from colonnade.errors import Forbidden, IdempotencyKeyReused, NotFound, ValidationFailed
from colonnade.money import Money
from colonnade_payment.api import (
    CreateRefund,
    CurrencyMismatch,
    NotRefundable,
    ProviderAction,
    RefundTooLarge,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def sent_back(academy: Academy, payment: object) -> int:
    acts = await academy.acts(payment)
    return sum(
        act.record.amount.amount
        for act in acts
        if act.record.action is ProviderAction.REFUND and act.record.outcome == "succeeded"
    )


async def test_a_full_refund_ends_the_enrolment(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id)
    refund = await academy.refunded(payment, 4900)
    assert refund.status == "succeeded"
    after = await academy.payment(payment.id)
    assert (after.status, after.refunded.amount) == ("refunded", 4900)
    assert [item.status for item in await academy.enrollments(payment)] == ["ended"]
    assert await sent_back(academy, payment) == 4900


async def test_partial_refunds_keep_the_enrolment_until_nothing_is_left(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id)
    await academy.refunded(payment, 1)
    assert (await academy.payment(payment.id)).status == "partially_refunded"
    assert [item.status for item in await academy.enrollments(payment)] == ["active"]
    await academy.refunded(payment, 4899)
    assert (await academy.payment(payment.id)).status == "refunded"
    assert [item.status for item in await academy.enrollments(payment)] == ["ended"]


async def test_two_refunds_at_once_return_no_more_than_was_captured(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id)
    results = await asyncio.gather(
        *(academy.refund(payment, 3000) for _ in range(5)), return_exceptions=True
    )
    refunds = [item for item in results if not isinstance(item, BaseException)]
    refused = [item for item in results if isinstance(item, BaseException)]
    assert len(refunds) == 1
    assert all(isinstance(item, RefundTooLarge) for item in refused)
    assert refused[0].details["refundable"] == {"amount": 1900, "currency": "EUR"}
    await academy.idle(refunds[0].id)
    assert await sent_back(academy, payment) == 3000


async def test_the_same_key_refunds_once(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id)
    answers = await asyncio.gather(*(academy.refund(payment, 100, key="k") for _ in range(4)))
    assert len({answer.id for answer in answers}) == 1
    with pytest.raises(IdempotencyKeyReused):
        await academy.refund(payment, 200, key="k")
    other = await academy.bought((await academy.course()).id)
    with pytest.raises(IdempotencyKeyReused):
        await academy.refund(other, 100, key="k")
    await academy.idle(answers[0].id)
    assert await sent_back(academy, payment) == 100


async def test_a_foreign_currency_is_refused(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id)
    dollars = Money(amount=100, currency="USD")
    request = CreateRefund(payment_id=payment.id, amount=dollars, reason="They asked.")
    with pytest.raises(CurrencyMismatch) as refusal:
        await academy.ask(OWNER, request, "k-currency")
    assert refusal.value.details == {"currency": "EUR"}
    assert await academy.refunds(payment) == []
    euros = request.model_copy(update={"amount": Money(amount=100, currency="EUR")})
    assert (await academy.ask(OWNER, euros, "k-currency")).amount == euros.amount


async def test_nothing_and_what_was_not_taken_cannot_be_refunded(academy: Academy) -> None:
    course = await academy.course()
    payment = await academy.bought(course.id)
    with pytest.raises(ValidationFailed):
        await academy.refund(payment, 0)
    declined = await academy.bought(course.id, "tok_declined")
    with pytest.raises(NotRefundable):
        await academy.refund(declined, 1)


async def test_a_refund_that_the_provider_refuses_frees_the_amount(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id, "tok_refund_declined")
    refund = await academy.refunded(payment, 4900)
    assert refund.status == "failed"
    assert "refund_failed" in (refund.failure or "")
    assert (await academy.payment(payment.id)).status == "captured"
    assert [item.status for item in await academy.enrollments(payment)] == ["active"]
    assert (await academy.refund(payment, 4900)).status == "pending"


async def test_a_refund_that_nobody_answers_for_happens_once(academy: Academy) -> None:
    payment = await academy.bought((await academy.course()).id, "tok_refund_timeout")
    refund = await academy.refunded(payment, 4900)
    assert refund.status == "succeeded"
    assert await sent_back(academy, payment) == 4900


async def test_a_refund_before_the_enrolment_is_active_still_ends_it(academy: Academy) -> None:
    payment = await academy.order(person(), (await academy.course()).id)

    async def is_captured() -> bool:
        return (await academy.payment(payment.id)).captured_at is not None

    await until(is_captured)
    await academy.refunded(payment, 4900)

    async def has_ended() -> bool:
        return [item.status for item in await academy.enrollments(payment)] == ["ended"]

    await until(has_ended)


async def test_only_administrators_refund(academy: Academy) -> None:
    buyer = person()
    payment = await academy.bought((await academy.course()).id, buyer=buyer)
    amount = Money(amount=1, currency="EUR")
    request = CreateRefund(payment_id=payment.id, amount=amount, reason="Please.")
    for somebody, error in ((buyer, Forbidden), (person("instructor"), Forbidden)):
        with pytest.raises((error, NotFound)):
            await academy.ask(somebody, request, "k")
