"""Orders: what buyers ask for, and how it stands."""

from collections.abc import Set
from uuid import UUID

from sqlalchemy import select

from colonnade.errors import ColonnadeError
from colonnade.idempotency import earlier_answer, once
from colonnade.lookups import absent, permitted
from colonnade.money import Money
from colonnade.operations import Call, handles
from colonnade.pagination import Page, SortKey, paginate
from colonnade.sagas import start_saga
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_course.api import GetCourse, ListEnrollments
from colonnade_payment.api import (
    AlreadyEnrolled,
    CancelPayment,
    CourseIsFree,
    CreatePayment,
    GetPayment,
    ListPayments,
    NotCancelable,
    Payment,
)
from colonnade_payment.models import PaymentRow
from colonnade_payment.presentation import money, present_payment
from colonnade_payment.providers.registry import Till
from colonnade_payment.purchase.open_purchases import insert_only, refuse_late, refuse_second
from colonnade_payment.purchase.saga import PURCHASE, PurchaseState
from colonnade_payment.resources import PAYMENT
from colonnade_payment.settlement.payments import OPEN
from colonnade_payment.settlement.redemption import claimed, redeem, reduced

NEWEST_FIRST = [SortKey(PaymentRow.created_at, descending=True), SortKey(PaymentRow.id)]


class Orders:
    """Handles what is asked about payments by people."""

    def __init__(self, ctx: ServiceContext, till: Till) -> None:
        self._ctx = ctx
        self._till = till

    @handles(CreatePayment)
    async def create(self, request: CreatePayment, call: Call) -> Payment:
        """Order a course; order, key and saga commit together."""
        user_id = call.require_person()
        answer = await self._answered(request, call)
        if answer is not None:
            return answer
        try:
            return await self._ordered(request, call, user_id)
        except ColonnadeError:
            # The same request, answered in the meantime, may be why this one is refused.
            answer = await self._answered(request, call)
            if answer is not None:
                return answer
            raise

    @handles(ListPayments)
    async def list(self, request: ListPayments, call: Call) -> Page[Payment]:
        """The payments the caller may see, newest first."""
        query = select(PaymentRow).where(call.visible(PAYMENT))
        for column, wanted in (
            (PaymentRow.course_id, request.course_id),
            (PaymentRow.user_id, request.user_id),
            (PaymentRow.status, request.status),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        return await self._ctx.store.read(
            lambda session: paginate(session, query, NEWEST_FIRST, request, present_payment)
        )

    @handles(GetPayment)
    async def read(self, request: GetPayment, call: Call) -> Payment:
        """One payment."""
        return await self._ctx.store.read(
            lambda session: present_payment(
                permitted(session, call, PAYMENT, PaymentRow, request.payment_id)
            )
        )

    @handles(CancelPayment)
    async def cancel(self, request: CancelPayment, call: Call) -> Payment:
        """Ask the purchase to turn back before it captures."""

        def work(session: Session) -> Payment:
            row = permitted(session, call, PAYMENT, PaymentRow, request.payment_id)
            if row.status in OPEN:
                row.cancel_requested = True
                session.flush()
            elif row.captured_at is not None:
                raise NotCancelable(
                    "The money has been taken; it can only be refunded.",
                    details={"status": row.status},
                )
            return present_payment(row)

        return await self._ctx.store.run(work)

    async def _ordered(self, request: CreatePayment, call: Call, user_id: UUID) -> Payment:
        price = await self._price(request.course_id)
        known = await self._ctx.store.read(
            lambda session: refuse_second(session, request.course_id, user_id)
        )
        await self._check_not_enrolled(request.course_id, user_id)
        row = _order(self._ctx.new_id(), user_id, request, price, self._till.chosen())

        def work(session: Session) -> Payment:
            return once(session, call, request, lambda: _place(session, call, row, price, known))

        return await self._ctx.store.run(work)

    async def _answered(self, request: CreatePayment, call: Call) -> Payment | None:
        return await self._ctx.store.read(lambda session: earlier_answer(session, call, request))

    async def _price(self, course_id: UUID) -> Money:
        course = await self._ctx.ask(GetCourse(course_id=course_id))
        if course.status != "published":
            raise absent("published course")
        if course.price is None or course.price.amount == 0:
            raise CourseIsFree(
                "The course is free: enrol in it instead.", details={"course_id": str(course_id)}
            )
        return course.price

    async def _check_not_enrolled(self, course_id: UUID, user_id: UUID) -> None:
        mine = await self._ctx.ask(ListEnrollments(course_id=course_id, user_id=user_id, limit=100))
        for enrollment in mine.items:
            if enrollment.status != "ended":
                raise AlreadyEnrolled(
                    "You are in this course, or are buying it.",
                    details={"enrollment_id": str(enrollment.id), "status": enrollment.status},
                )


def _order(
    payment_id: UUID, user_id: UUID, request: CreatePayment, price: Money, provider: str
) -> PaymentRow:
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
        status="pending",
        authorization="",
        capture="",
        cancel_requested=False,
        sequence=0,
    )


def _place(
    session: Session, call: Call, row: PaymentRow, price: Money, known: Set[UUID]
) -> Payment:
    call.require(session, PAYMENT, row)
    refuse_late(session, row, known)
    if row.coupon_code is not None:
        coupon = claimed(session, row.coupon_code, row.course_id, row.user_id, price)
        row.amount = reduced(price, coupon).amount
        insert_only(session, row)
        redeem(session, coupon, row.id, row.user_id)
    else:
        insert_only(session, row)
    state = PurchaseState(
        payment_id=row.id,
        user_id=row.user_id,
        course_id=row.course_id,
        provider=row.provider,
        method=row.method,
        amount=money(row.amount, row.currency),
    )
    start_saga(session, PURCHASE, state, saga_id=row.id)
    return present_payment(row)
