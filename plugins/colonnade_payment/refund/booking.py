"""Booking of refunds: claims on a payment, and money that has gone back."""

from uuid import UUID

from sqlalchemy import select

from colonnade.identifiers import new_id
from colonnade.sagas import start_saga
from colonnade.store import Session
from colonnade_payment.api import PaymentRefunded, PurchaseUndelivered, Share
from colonnade_payment.ledger.journals import (
    PLATFORM,
    Entry,
    book,
    instructor_account,
    provider_account,
)
from colonnade_payment.ledger.split import split_refund
from colonnade_payment.models import PaymentRow, RefundRow, ShareRow
from colonnade_payment.presentation import money
from colonnade_payment.refund.saga import REFUND, RefundState
from colonnade_payment.settlement.payments import next_sequence
from colonnade_payment.statuses import PaymentStatus, RefundStatus


def claim_refund(session: Session, payment: PaymentRow, refund: RefundRow) -> None:
    """Claim the amount of a refund, and start sending it."""
    payment.refunding += refund.amount
    session.add(refund)
    session.flush()
    state = RefundState(
        refund_id=refund.id,
        payment_id=payment.id,
        provider=payment.provider,
        capture=payment.capture,
        amount=money(refund.amount, refund.currency),
    )
    start_saga(session, REFUND, state, saga_id=refund.id)


def refund_undelivered(session: Session, payment_id: UUID, reason: str) -> None:
    """Refund what is left of a payment whose course the buyer can never have, and say so."""
    payment = session.get_one(PaymentRow, payment_id)
    left = payment.amount - payment.refunding
    if left > 0:
        claim_refund(
            session, payment, new_refund(new_id(), payment, left, reason, "service:payment")
        )
    session.publish(
        PurchaseUndelivered(
            payment_id=payment.id,
            user_id=payment.user_id,
            course_id=payment.course_id,
            amount=money(payment.amount, payment.currency),
            reason=reason,
            sequence=next_sequence(payment),
        )
    )


def new_refund(
    refund_id: UUID, payment: PaymentRow, amount: int, reason: str, requested_by: str
) -> RefundRow:
    """Make a refund that has not been sent and is in no session yet."""
    return RefundRow(
        id=refund_id,
        payment_id=payment.id,
        amount=amount,
        currency=payment.currency,
        status=RefundStatus.PENDING,
        reason=reason,
        requested_by=requested_by,
        provider=payment.provider,
    )


def fail_refund(session: Session, refund_id: UUID, reason: str) -> None:
    """Record that a refund was refused; its claim is free again. Once."""
    refund = session.get_one(RefundRow, refund_id)
    if refund.status != RefundStatus.PENDING:
        return
    refund.status = RefundStatus.FAILED
    refund.failure = reason[:500]
    session.get_one(PaymentRow, refund.payment_id).refunding -= refund.amount


def book_refund(session: Session, refund_id: UUID, reference: str) -> None:
    """Book that money has gone back; once."""
    refund = session.get_one(RefundRow, refund_id)
    if refund.status == RefundStatus.SUCCEEDED:
        return
    payment = session.get_one(PaymentRow, refund.payment_id)
    if refund.status == RefundStatus.FAILED:
        payment.refunding += refund.amount
    refund.status, refund.failure = RefundStatus.SUCCEEDED, None
    refund.provider_reference = reference
    refund.refunded_at = session.now
    fee, shares = _take_back(session, payment, refund.amount)
    payment.refunded += refund.amount
    is_full = payment.refunded == payment.amount
    payment.status = PaymentStatus.REFUNDED if is_full else PaymentStatus.PARTIALLY_REFUNDED
    entries = [
        Entry(provider_account(payment.provider), refund.amount),
        Entry(PLATFORM, -fee),
        *(Entry(instructor_account(user), -part, user) for user, part in shares.items()),
    ]
    book(session, "refund", refund.id, payment.currency, entries, payment_id=payment.id)
    session.publish(_refunded(payment, refund, fee, shares))


def _take_back(session: Session, payment: PaymentRow, amount: int) -> tuple[int, dict[UUID, int]]:
    rows = {
        row.user_id: row
        for row in session.scalars(select(ShareRow).where(ShareRow.payment_id == payment.id))
    }
    fee, shares = split_refund(
        amount,
        payment.platform_fee - payment.platform_fee_reversed,
        {user: row.amount - row.reversed for user, row in rows.items()},
    )
    payment.platform_fee_reversed += fee
    for user, part in shares.items():
        rows[user].reversed += part
    return fee, shares


def _refunded(
    payment: PaymentRow, refund: RefundRow, fee: int, shares: dict[UUID, int]
) -> PaymentRefunded:
    assert refund.refunded_at is not None
    currency = payment.currency
    return PaymentRefunded(
        payment_id=payment.id,
        refund_id=refund.id,
        user_id=payment.user_id,
        course_id=payment.course_id,
        amount=money(refund.amount, currency),
        refunded_total=money(payment.refunded, currency),
        is_full=payment.refunded == payment.amount,
        shares=[Share(user_id=user, amount=money(part, currency)) for user, part in shares.items()],
        platform_fee=money(fee, currency),
        reason=refund.reason,
        refunded_at=refund.refunded_at,
        sequence=next_sequence(payment),
    )
