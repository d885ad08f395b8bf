"""Handlers of the operations on refunds."""

from colonnade.idempotency import once
from colonnade.lookups import permitted
from colonnade.operations import Call, handles
from colonnade.pagination import Listing, Page, SortKey, paginate
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_payment.api import (
    CreateRefund,
    CurrencyMismatch,
    ListRefunds,
    NotRefundable,
    Refund,
    RefundTooLarge,
)
from colonnade_payment.models import PaymentRow, RefundRow
from colonnade_payment.presentation import money, present_refund
from colonnade_payment.refund.booking import claim_refund, new_refund
from colonnade_payment.resources import PAYMENT

REFUNDS = Listing(RefundRow, payment_id=RefundRow.payment_id)
NEWEST_FIRST = [SortKey(RefundRow.created_at, descending=True), SortKey(RefundRow.id)]


class RefundHandlers:
    """Operations on refunds."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    @handles(CreateRefund)
    async def create_refund(self, request: CreateRefund, call: Call) -> Refund:
        """Claim what is to go back, and send it in the background."""
        refund_id = self._ctx.new_id()

        def order(session: Session) -> Refund:
            payment = permitted(session, call, PAYMENT, PaymentRow, request.payment_id)
            # The payment is locked: two refunds at once cannot both claim what is left.
            session.refresh(payment, for_update=True)
            _check(payment, request)
            refund = new_refund(
                refund_id, payment, request.amount.amount, request.reason, call.principal_id
            )
            claim_refund(session, payment, refund)
            return present_refund(refund)

        return await self._ctx.store.run(
            lambda session: once(session, call, request, lambda: order(session))
        )

    @handles(ListRefunds)
    async def list_refunds(self, request: ListRefunds, call: Call) -> Page[Refund]:
        """List the refunds of a payment, newest first."""
        query = REFUNDS.query(call, payment_id=request.payment_id)

        def work(session: Session) -> Page[Refund]:
            permitted(session, call, PAYMENT, PaymentRow, request.payment_id)
            return paginate(session, query, NEWEST_FIRST, request, present_refund)

        return await self._ctx.store.read(work)


def _check(payment: PaymentRow, request: CreateRefund) -> None:
    if payment.captured_at is None:
        raise NotRefundable(
            "No money has been taken by this payment.", details={"status": payment.status}
        )
    if request.amount.currency != payment.currency:
        raise CurrencyMismatch(
            f"The payment is in {payment.currency}, and only that can be refunded.",
            details={"currency": payment.currency},
        )
    left = max(0, payment.amount - payment.refunding)
    if request.amount.amount > left:
        refundable = money(left, payment.currency)
        raise RefundTooLarge(
            f"Of this payment {refundable} can still be refunded.",
            details={"refundable": refundable.model_dump()},
        )
