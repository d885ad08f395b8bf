"""Orders of courses: their price, their row, and the saga that pays them."""

from collections.abc import Set
from uuid import UUID

from colonnade.lookups import absent
from colonnade.money import Money
from colonnade.sagas import start_saga
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_course.api import GetCourse, ListEnrollments
from colonnade_payment.api import AlreadyEnrolled, CourseIsFree, CreatePayment
from colonnade_payment.models import PaymentRow
from colonnade_payment.presentation import money
from colonnade_payment.purchase.open_purchases import insert_only, refuse_late
from colonnade_payment.purchase.saga import PURCHASE, PurchaseState
from colonnade_payment.settlement.redemption import claim_coupon, redeem, reduced
from colonnade_payment.statuses import PaymentStatus


async def course_price(ctx: ServiceContext, course_id: UUID) -> Money:
    """Ask the course service for the price of a course.

    Raises:
        NotFound: there is no such course, or it is not published.
        CourseIsFree: it costs nothing.
    """
    course = await ctx.ask(GetCourse(course_id=course_id))
    if course.status != "published":
        raise absent("published course")
    if course.price is None or course.price.amount == 0:
        raise CourseIsFree(
            "The course is free: enrol in it instead.", details={"course_id": str(course_id)}
        )
    return course.price


async def require_not_enrolled(ctx: ServiceContext, course_id: UUID, user_id: UUID) -> None:
    """Ask the course service whether the buyer is in the course.

    Raises:
        AlreadyEnrolled: they are, or hold a seat.
    """
    mine = await ctx.ask(ListEnrollments(course_id=course_id, user_id=user_id, limit=100))
    for enrollment in mine.items:
        if enrollment.status != "ended":
            raise AlreadyEnrolled(
                "You are in this course, or are buying it.",
                details={"enrollment_id": str(enrollment.id), "status": enrollment.status},
            )


def new_order(
    payment_id: UUID, user_id: UUID, request: CreatePayment, price: Money, provider: str
) -> PaymentRow:
    """Make the row of an order at its full price, not yet in a session."""
    return PaymentRow(
        id=payment_id,
        user_id=user_id,
        course_id=request.course_id,
        method=request.method,
        provider=provider,
        coupon_code=request.coupon.upper() if request.coupon else None,
        list_amount=price.amount,
        amount=price.amount,
        currency=price.currency,
        platform_fee=0,
        platform_fee_reversed=0,
        refunding=0,
        refunded=0,
        status=PaymentStatus.PENDING,
        authorization="",
        capture="",
        cancel_requested=False,
        sequence=0,
    )


def place_order(session: Session, order: PaymentRow, price: Money, known: Set[UUID]) -> None:
    """Add an order, reduced by its coupon, and start its saga.

    `known` are the payments by which the buyer has had the course before.

    Raises:
        AlreadyEnrolled: another order of the buyer came first.
        CouponNotUsable: the coupon is not for this purchase.
    """
    refuse_late(session, order, known)
    if order.coupon_code is not None:
        coupon = claim_coupon(session, order.coupon_code, order.course_id, order.user_id, price)
        order.amount = reduced(price, coupon).amount
        insert_only(session, order)
        redeem(session, coupon, order.id, order.user_id)
    else:
        insert_only(session, order)
    state = PurchaseState(
        payment_id=order.id,
        user_id=order.user_id,
        course_id=order.course_id,
        provider=order.provider,
        method=order.method,
        amount=money(order.amount, order.currency),
    )
    start_saga(session, PURCHASE, state, saga_id=order.id)
