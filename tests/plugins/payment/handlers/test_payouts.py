"""Payouts: what instructors have, may have, and get."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from payment_academy import OWNER, Academy, person

from colonnade.errors import Forbidden, NotFound
from colonnade.money import Money
from colonnade_payment.api import (
    ApprovePayout,
    BalanceTooLow,
    GetPayout,
    ListBalances,
    ListPayouts,
    MarkPayoutPaid,
    Payout,
    PayoutState,
    RejectPayout,
    RequestPayout,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def request(
    academy: Academy, who: object, amount: int | None = None, key: str = ""
) -> Payout:
    from colonnade.identifiers import new_id

    money = None if amount is None else Money(amount=amount, currency="EUR")
    return await academy.ask(who, RequestPayout(amount=money), key or new_id().hex)


async def pay(academy: Academy, payout: Payout) -> Payout:
    await academy.ask(OWNER, ApprovePayout(payout_id=payout.id))
    return await academy.ask(OWNER, MarkPayoutPaid(payout_id=payout.id, reference="SEPA 1"))


async def test_an_instructor_is_paid_their_share(academy: Academy) -> None:
    course = await academy.course()
    await academy.bought(course.id)
    [teacher] = course.teachers
    assert await academy.earned(teacher) == 3430
    payout = await request(academy, teacher)
    assert (payout.status, payout.amount.amount) == ("requested", 3430)
    assert await academy.earned(teacher) == 0
    paid = await pay(academy, payout)
    assert (paid.status, paid.reference) == ("paid", "SEPA 1")


async def test_a_refund_after_the_payout_is_settled_by_the_next(academy: Academy) -> None:
    course = await academy.course()
    [teacher] = course.teachers
    payment = await academy.bought(course.id)
    await pay(academy, await request(academy, teacher))
    await academy.refunded(payment, 4900)
    assert await academy.earned(teacher) == -3430
    with pytest.raises(BalanceTooLow):
        await request(academy, teacher)
    await academy.bought(course.id)
    assert await academy.earned(teacher) == 0
    await academy.bought(course.id)
    assert (await request(academy, teacher)).amount.amount == 3430


async def test_no_more_than_is_available_and_no_less_than_the_minimum(academy: Academy) -> None:
    course = await academy.course()
    [teacher] = course.teachers
    await academy.bought(course.id)
    with pytest.raises(BalanceTooLow) as refusal:
        await request(academy, teacher, 3431)
    assert refusal.value.details["available"] == {"amount": 3430, "currency": "EUR"}
    with pytest.raises(BalanceTooLow):
        await request(academy, teacher, 99)
    with pytest.raises(BalanceTooLow):
        await request(academy, person("instructor"))


async def test_requests_at_once_spend_the_balance_once(academy: Academy) -> None:
    course = await academy.course()
    [teacher] = course.teachers
    await academy.bought(course.id)
    results = await asyncio.gather(
        *(request(academy, teacher, 2000) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(item, Payout) for item in results) == 1
    assert await academy.earned(teacher) == 1430


async def test_the_same_key_asks_once(academy: Academy) -> None:
    course = await academy.course()
    [teacher] = course.teachers
    await academy.bought(course.id)
    first = await request(academy, teacher, 1000, "k")
    assert await request(academy, teacher, 1000, "k") == first
    assert await academy.earned(teacher) == 2430


async def test_a_rejected_payout_is_the_instructors_again(academy: Academy) -> None:
    course = await academy.course()
    [teacher] = course.teachers
    await academy.bought(course.id)
    payout = await request(academy, teacher)
    reject = RejectPayout(payout_id=payout.id, reason="No bank account.")
    assert (await academy.ask(OWNER, reject)).status == "rejected"
    assert (await academy.ask(OWNER, reject)).status == "rejected"
    assert await academy.earned(teacher) == 3430
    with pytest.raises(PayoutState):
        await pay(academy, payout)


async def test_only_an_approved_payout_is_paid_and_only_once(academy: Academy) -> None:
    course = await academy.course()
    [teacher] = course.teachers
    await academy.bought(course.id)
    payout = await request(academy, teacher)
    mark = MarkPayoutPaid(payout_id=payout.id, reference="SEPA 1")
    with pytest.raises(PayoutState):
        await academy.ask(OWNER, mark)
    await pay(academy, payout)
    assert (await academy.ask(OWNER, mark)).status == "paid"
    with pytest.raises(PayoutState):
        await academy.ask(OWNER, MarkPayoutPaid(payout_id=payout.id, reference="SEPA 2"))
    with pytest.raises(PayoutState):
        await academy.ask(OWNER, RejectPayout(payout_id=payout.id, reason="Too late."))


async def test_an_instructor_sees_their_own_only(academy: Academy) -> None:
    course = await academy.course(teachers=2)
    await academy.bought(course.id)
    one, other = course.teachers
    payout = await request(academy, one)
    assert [item.id for item in (await academy.ask(one, ListPayouts())).items] == [payout.id]
    assert (await academy.ask(other, ListPayouts())).items == []
    with pytest.raises(NotFound):
        await academy.ask(other, GetPayout(payout_id=payout.id))
    balances = (await academy.ask(other, ListBalances())).items
    assert {item.user_id for item in balances} == {UUID(other.id)}
    with pytest.raises(Forbidden):
        await academy.ask(one, ApprovePayout(payout_id=payout.id))


async def test_nobody_takes_a_step_of_their_own_payout(academy: Academy) -> None:
    """An owner who teaches needs somebody else to agree, too."""
    course = await academy.course()
    await academy.bought(course.id)
    [teacher] = course.teachers
    payout = await request(academy, teacher)
    teaching_owner = replace(teacher, roles=("owner",))
    with pytest.raises(Forbidden):
        await academy.ask(teaching_owner, ApprovePayout(payout_id=payout.id))
    with pytest.raises(Forbidden):
        await academy.ask(teaching_owner, RejectPayout(payout_id=payout.id, reason="Mine."))
    assert (await academy.ask(OWNER, ApprovePayout(payout_id=payout.id))).status == "approved"
    paid = MarkPayoutPaid(payout_id=payout.id, reference="SEPA 1")
    with pytest.raises(Forbidden):
        await academy.ask(teaching_owner, paid)
    assert (await academy.ask(OWNER, paid)).status == "paid"
