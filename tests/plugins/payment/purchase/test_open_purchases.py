"""A person has one purchase of a course under way; the store says so too."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest
from payment_academy import OWNER, Academy, person
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import IntegrityError

from colonnade.rows import PLACEHOLDER_SCHEMA
from colonnade.store import Session
from colonnade_course.api import EndEnrollment
from colonnade_payment.api import AlreadyEnrolled, CancelPayment, CreateCoupon, Payment
from colonnade_payment.models import PaymentRow
from colonnade_payment.purchase.open_purchases import insert_only, refuse_late, refuse_second
from colonnade_runtime.adapters.store.migrations import discover_migrations

asynchronous = pytest.mark.asyncio(loop_scope="module")

ROW = (
    "INSERT INTO payments (id, user_id, course_id, method, provider, list_amount, amount, currency,"
    " platform_fee, platform_fee_reversed, refunding, refunded, status, authorization, capture,"
    " cancel_requested, sequence, version, created_at, updated_at) VALUES (:id, :user, :course,"
    " 'tok_ok', 'sandbox', 1, 1, 'EUR', 0, 0, 0, 0, :status, '', '', 0, 0, 1, :at, :at)"
)


@asynchronous
@pytest.mark.parametrize("with_coupon", [False, True])
async def test_thirty_orders_at_once_are_one_purchase(academy: Academy, with_coupon: bool) -> None:
    code = f"C{uuid4().hex}"
    if with_coupon:
        await academy.ask(OWNER, CreateCoupon(code=code, percent=10, person_limit=None))
    coupon = code if with_coupon else None
    course, buyer = await academy.course(), person()
    answers = await asyncio.gather(
        *(academy.order(buyer, course.id, coupon=coupon) for _ in range(30)),
        return_exceptions=True,
    )
    [order] = [answer for answer in answers if isinstance(answer, Payment)]
    refused = [answer for answer in answers if isinstance(answer, AlreadyEnrolled)]
    assert len(refused) == 29, answers
    assert order.version == 1
    for refusal in refused:
        assert refusal.details.keys() & {"payment_id", "enrollment_id"}
    assert (await academy.settled(order)).status == "captured"
    assert [item.status for item in await academy.enrollments(order)] == ["active"]


@asynchronous
async def test_an_order_under_way_is_named(academy: Academy) -> None:
    course, buyer = await academy.course(), person()
    order = await academy.order(buyer, course.id, "tok_slow")
    with pytest.raises(AlreadyEnrolled) as refusal:
        await academy.order(buyer, course.id)
    assert refusal.value.details["payment_id"] == str(order.id)
    other = await academy.order(buyer, (await academy.course()).id)
    somebody = await academy.order(person(), course.id)
    for one in (order, other, somebody):
        assert (await academy.settled(one)).status == "captured"


@asynchronous
async def test_what_has_ended_leaves_room_for_the_next(academy: Academy) -> None:
    course, buyer = await academy.course(), person()
    assert (await academy.bought(course.id, "tok_declined", buyer)).status == "declined"
    canceled = await academy.order(buyer, course.id, "tok_slow")
    await academy.ask(buyer, CancelPayment(payment_id=canceled.id))
    with pytest.raises(AlreadyEnrolled):
        await academy.order(buyer, course.id)
    assert (await academy.settled(canceled)).status == "canceled"
    refunded = await academy.bought(course.id, buyer=buyer)
    await academy.refunded(refunded, refunded.amount.amount)
    assert (await academy.bought(course.id, buyer=buyer)).status == "captured"


@asynchronous
async def test_whoever_left_a_course_that_they_bought_buys_it_again(academy: Academy) -> None:
    course, buyer = await academy.course(), person()
    first = await academy.bought(course.id, buyer=buyer)
    assert first.enrollment_id is not None
    await academy.ask(OWNER, EndEnrollment(enrollment_id=first.enrollment_id))
    again = await academy.bought(course.id, buyer=buyer)
    assert (first.status, again.status) == ("captured", "captured")


@asynchronous
async def test_what_was_captured_while_the_course_service_was_asked_is_seen(
    academy: Academy,
) -> None:
    course, buyer = await academy.course(), person()
    before = await academy.read(lambda s: refuse_second(s, course.id, UUID(buyer.id)))
    captured = await academy.bought(course.id, buyer=buyer)
    first = await academy.read(lambda session: session.get_one(PaymentRow, captured.id))
    late = msgspec.structs.replace(first, id=uuid4())
    with pytest.raises(AlreadyEnrolled) as refusal:
        await academy.read(lambda session: refuse_late(session, late, before))
    assert refusal.value.details == {
        "payment_id": str(captured.id),
        "status": "captured",
        "enrollment_id": str(captured.enrollment_id),
    }


@asynchronous
async def test_the_store_refuses_a_second_that_no_transaction_saw(academy: Academy) -> None:
    course, buyer = await academy.course(), person()
    order = await academy.order(buyer, course.id, "tok_slow")

    def insert(session: Session) -> None:
        first = session.get_one(PaymentRow, order.id)
        values = {c.key: getattr(first, c.key) for c in PaymentRow.__table__.columns}
        insert_only(session, PaymentRow(**(values | {"id": uuid4()})))

    with pytest.raises(AlreadyEnrolled):
        await academy.write(insert)
    await academy.settled(order)


@pytest.fixture
def migrated(tmp_path: Path) -> Iterator[Connection]:
    """A store that held several orders of one person and course when it was upgraded."""
    plan = discover_migrations("colonnade_payment.migrations").migrations
    engine = create_engine(f"sqlite:///{tmp_path / 'old.sqlite'}")
    with engine.begin() as connection:
        translated = connection.execution_options(schema_translate_map={PLACEHOLDER_SCHEMA: None})
        plan[0].upgrade(translated)
        for number, status in enumerate(["captured", "pending", "unknown", "authorized"]):
            _insert(connection, number, status)
        for migration in plan[1:]:
            migration.upgrade(translated)
        yield connection
    engine.dispose()


def test_an_older_store_keeps_its_twins_and_takes_no_more(migrated: Connection) -> None:
    rows = migrated.execute(text("SELECT status, is_twin FROM payments ORDER BY id")).all()
    assert [tuple(row) for row in rows] == [
        ("captured", 0),
        ("pending", 0),
        ("unknown", 1),
        ("authorized", 1),
    ]
    migrated.execute(text("UPDATE payments SET status = 'authorized' WHERE status = 'unknown'"))
    with pytest.raises(IntegrityError), migrated.begin_nested():
        _insert(migrated, 8, "pending")
    migrated.execute(text("UPDATE payments SET status = 'captured' WHERE status = 'pending'"))
    _insert(migrated, 9, "pending")


def _insert(connection: Connection, number: int, status: str) -> None:
    values = {"id": f"{number:032x}", "user": "a" * 32, "course": "c" * 32}
    at = f"2026-01-01 00:00:0{number}"
    connection.execute(text(ROW), values | {"status": status, "at": at})
