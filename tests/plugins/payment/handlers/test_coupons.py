"""Coupons: what they take off, for whom, until when, and how often."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from payment_academy import OWNER, Academy, person

from colonnade.errors import Forbidden, ValidationFailed
from colonnade.identifiers import new_id
from colonnade.money import Money
from colonnade_payment.api import (
    Coupon,
    CouponNotUsable,
    CouponTaken,
    CreateCoupon,
    DeleteCoupon,
    GetCoupon,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def coupon(academy: Academy, **more: Any) -> Coupon:
    chosen = {"code": f"c{new_id().hex}", "percent": 10, **more}
    return await academy.ask(OWNER, CreateCoupon(**chosen))


async def refusal(academy: Academy, course: Any, code: str, buyer: Any = None) -> str:
    with pytest.raises(CouponNotUsable) as refused:
        await academy.order(buyer or person(), course.id, coupon=code)
    reason: str = refused.value.details["reason"]
    return reason


async def redeemed(academy: Academy, made: Coupon) -> int:
    return (await academy.ask(OWNER, GetCoupon(coupon_id=made.id))).redeemed


@pytest.mark.parametrize(
    ("reduction", "left"),
    [
        ({"percent": 10}, 900),
        ({"percent": 33}, 670),
        ({"percent": 100}, 0),
        ({"percent": None, "amount": Money(amount=250, currency="EUR")}, 750),
        ({"percent": None, "amount": Money(amount=5000, currency="EUR")}, 0),
    ],
)
async def test_it_takes_off_what_it_says(
    academy: Academy, reduction: dict[str, Any], left: int
) -> None:
    course = await academy.course(price=1000)
    made = await coupon(academy, **reduction)
    payment = await academy.bought(course.id, coupon=made.code.lower())
    assert (payment.status, payment.amount.amount) == ("captured", left)
    assert (payment.list_price.amount, payment.coupon_code) == (1000, made.code)
    assert [item.status for item in await academy.enrollments(payment)] == ["active"]
    assert len(await academy.journals(payment)) == (1 if left else 0)


async def test_outside_its_window_it_is_refused(academy: Academy) -> None:
    course, now = await academy.course(), datetime.now(UTC)
    day = timedelta(days=1)
    early = await coupon(academy, starts_at=now + day)
    late = await coupon(academy, starts_at=now - 2 * day, ends_at=now - day)
    assert await refusal(academy, course, early.code) == "not_started"
    assert await refusal(academy, course, late.code) == "expired"


async def test_for_another_course_currency_or_none_it_is_refused(academy: Academy) -> None:
    course = await academy.course()
    other = await coupon(academy, course_id=(await academy.course()).id)
    foreign = await coupon(academy, percent=None, amount=Money(amount=5, currency="USD"))
    assert await refusal(academy, course, other.code) == "other_course"
    assert await refusal(academy, course, foreign.code) == "other_currency"
    assert await refusal(academy, course, "nothing-like-it") == "unknown"
    await academy.ask(OWNER, DeleteCoupon(coupon_id=other.id))
    assert await refusal(academy, course, other.code) == "unknown"


async def test_a_coupon_for_a_course_that_is_not_there_is_refused(academy: Academy) -> None:
    with pytest.raises(ValidationFailed) as refused:
        await coupon(academy, course_id=uuid4())
    assert [field.pointer for field in refused.value.fields] == ["/course_id"]
    with pytest.raises(Forbidden):
        await academy.ask(person(), CreateCoupon(code="mine", percent=5, course_id=uuid4()))


async def test_the_last_use_raced_goes_to_one(academy: Academy) -> None:
    course = await academy.course()
    made = await coupon(academy, total_limit=1)
    results = await asyncio.gather(
        *(academy.bought(course.id, coupon=made.code) for _ in range(5)), return_exceptions=True
    )
    refused = [item for item in results if isinstance(item, CouponNotUsable)]
    assert len(refused) == 4
    assert {item.details["reason"] for item in refused} == {"used_up"}
    assert await redeemed(academy, made) == 1


async def test_a_purchase_that_fails_gives_its_use_back(academy: Academy) -> None:
    course, buyer = await academy.course(), person()
    made = await coupon(academy, total_limit=1)
    declined = await academy.bought(course.id, "tok_declined", buyer, coupon=made.code)
    assert declined.status == "declined"
    assert await redeemed(academy, made) == 0
    assert (await academy.bought(course.id, buyer=buyer, coupon=made.code)).status == "captured"


async def test_one_person_uses_it_as_often_as_they_may(academy: Academy) -> None:
    one, other, buyer = await academy.course(), await academy.course(), person()
    made = await coupon(academy)
    await academy.bought(one.id, buyer=buyer, coupon=made.code)
    assert await refusal(academy, other, made.code, buyer) == "used_by_you"
    assert (await academy.bought(other.id, coupon=made.code)).status == "captured"


async def test_a_code_is_taken_once(academy: Academy) -> None:
    made = await coupon(academy)
    with pytest.raises(CouponTaken):
        await coupon(academy, code=made.code.lower())


@pytest.mark.parametrize(
    "wrong",
    [
        {"percent": None},
        {"amount": Money(amount=5, currency="EUR")},
        {"percent": None, "amount": Money(amount=0, currency="EUR")},
        {
            "starts_at": datetime(2026, 2, 1, tzinfo=UTC),
            "ends_at": datetime(2026, 1, 1, tzinfo=UTC),
        },
    ],
)
async def test_a_coupon_that_contradicts_itself_is_refused(
    academy: Academy, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ValidationFailed):
        await coupon(academy, **wrong)


async def test_only_administrators_make_coupons(academy: Academy) -> None:
    with pytest.raises(Forbidden):
        await academy.ask(person("instructor"), CreateCoupon(code="mine", percent=100))
