"""Handlers of the operations on payments."""

from uuid import UUID

from colonnade.errors import ColonnadeError
from colonnade.idempotency import earlier_answer, once
from colonnade.lookups import permitted
from colonnade.operations import Call, handles
from colonnade.pagination import Listing, Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_payment.api import (
    CancelPayment,
    CreatePayment,
    GetPayment,
    ListPayments,
    NotCancelable,
    Payment,
)
from colonnade_payment.models import PaymentRow
from colonnade_payment.presentation import present_payment
from colonnade_payment.providers.registry import Providers
from colonnade_payment.purchase.open_purchases import refuse_second
from colonnade_payment.purchase.ordering import (
    course_price,
    new_order,
    place_order,
    require_not_enrolled,
)
from colonnade_payment.resources import PAYMENT
from colonnade_payment.statuses import OPEN

PAYMENTS = Listing(
    PaymentRow,
    PAYMENT,
    course_id=PaymentRow.course_id,
    user_id=PaymentRow.user_id,
    status=PaymentRow.status,
)
NEWEST_FIRST = [SortKey(PaymentRow.created_at, descending=True), SortKey(PaymentRow.id)]


class PaymentHandlers:
    """Operations on payments, each of them an order of a course."""

    def __init__(self, ctx: ServiceContext, providers: Providers) -> None:
        self._ctx = ctx
        self._providers = providers

    @handles(CreatePayment)
    async def create_payment(self, request: CreatePayment, call: Call) -> Payment:
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
    async def list_payments(self, request: ListPayments, call: Call) -> Page[Payment]:
        """List the payments that the caller may see, newest first."""
        query = PAYMENTS.query(
            call, course_id=request.course_id, user_id=request.user_id, status=request.status
        )
        return await self._ctx.store.read(
            lambda session: paginate(session, query, NEWEST_FIRST, request, present_payment)
        )

    @handles(GetPayment)
    async def get_payment(self, request: GetPayment, call: Call) -> Payment:
        """Read one payment."""
        return await self._ctx.store.read(
            lambda session: present_payment(
                permitted(session, call, PAYMENT, PaymentRow, request.payment_id)
            )
        )

    @handles(CancelPayment)
    async def cancel_payment(self, request: CancelPayment, call: Call) -> Payment:
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
        price = await course_price(self._ctx, request.course_id)
        known = await self._ctx.store.read(
            lambda session: refuse_second(session, request.course_id, user_id)
        )
        await require_not_enrolled(self._ctx, request.course_id, user_id)
        provider = self._providers.name_for_tenant()
        row = new_order(self._ctx.new_id(), user_id, request, price, provider)

        def order(session: Session) -> Payment:
            call.require(session, PAYMENT, row)
            place_order(session, row, price, known)
            return present_payment(row)

        return await self._ctx.store.run(
            lambda session: once(session, call, request, lambda: order(session))
        )

    async def _answered(self, request: CreatePayment, call: Call) -> Payment | None:
        return await self._ctx.store.read(lambda session: earlier_answer(session, call, request))
