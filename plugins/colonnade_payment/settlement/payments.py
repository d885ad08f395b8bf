"""Settlement of payments: captured, completed or ended, with rows, ledger and events together.

Everything here runs inside a transaction of the payment's store and bears repetition.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select

from colonnade.store import Session
from colonnade_payment.api import (
    PaymentCanceled,
    PaymentCaptured,
    PaymentDeclined,
    PurchaseCompleted,
    Share,
)
from colonnade_payment.ledger.journals import (
    PLATFORM,
    Entry,
    book,
    instructor_account,
    provider_account,
)
from colonnade_payment.ledger.split import split_sale
from colonnade_payment.models import InstructorRow, PaymentRow, ShareRow
from colonnade_payment.presentation import money
from colonnade_payment.settlement.redemption import release_redemption
from colonnade_payment.statuses import OPEN, PaymentStatus

WATCH_PERIOD = timedelta(days=1)
"""Time for which a provider is asked whether it acted after all."""


def next_sequence(payment: PaymentRow) -> int:
    """Count the sequence of the payment's next event."""
    payment.sequence += 1
    return payment.sequence


def mark(session: Session, payment_id: UUID, status: PaymentStatus) -> None:
    """Set the status of a payment that has not ended; others keep theirs."""
    payment = session.get_one(PaymentRow, payment_id)
    if payment.status in OPEN:
        payment.status = status


def capture(session: Session, payment_id: UUID, reference: str, share_percent: int) -> None:
    """Book that the money has arrived; once."""
    payment = session.get_one(PaymentRow, payment_id)
    if payment.captured_at is not None:
        return
    instructors = session.scalars(
        select(InstructorRow.user_id).where(
            InstructorRow.course_id == payment.course_id, InstructorRow.active.is_(True)
        )
    ).all()
    fee, shares = split_sale(payment.amount, instructors, share_percent)
    payment.status = PaymentStatus.CAPTURED
    payment.reason_code = payment.reason = None
    payment.capture = reference
    payment.captured_at = session.now
    payment.platform_fee = fee
    session.add_all(
        ShareRow(payment_id=payment.id, user_id=user_id, amount=amount, reversed=0)
        for user_id, amount in shares.items()
    )
    _book_capture(session, payment, fee, shares)
    session.publish(_captured(payment, fee, shares))


@dataclass(frozen=True, slots=True)
class Ending:
    """Ending of a payment that came to nothing. `unsure` says that the provider may act yet."""

    status: Literal[PaymentStatus.DECLINED, PaymentStatus.CANCELED]
    code: str
    sentence: str
    unsure: bool = False


def close(session: Session, payment_id: UUID, ending: Ending) -> None:
    """End a payment that came to nothing, and give back what it held; once."""
    payment = session.get_one(PaymentRow, payment_id)
    if payment.status not in OPEN:
        return
    # The buyer is told now; what the provider does after all is found out and refunded later.
    if ending.unsure or payment.status == PaymentStatus.UNKNOWN:
        watch(session, payment_id)
    payment.status = ending.status
    payment.reason_code, payment.reason = ending.code[:100], ending.sentence[:500]
    release_redemption(session, payment.id)
    model = PaymentDeclined if ending.status is PaymentStatus.DECLINED else PaymentCanceled
    session.publish(
        model(
            payment_id=payment.id,
            user_id=payment.user_id,
            course_id=payment.course_id,
            amount=money(payment.amount, payment.currency),
            reason=payment.reason_code,
            detail=payment.reason,
            sequence=next_sequence(payment),
        )
    )


def watch(session: Session, payment_id: UUID) -> None:
    """Note that the provider is to be asked, for a while, whether it acted after all."""
    session.get_one(PaymentRow, payment_id).watch_until = session.now + WATCH_PERIOD


def complete(session: Session, payment_id: UUID, enrollment_id: UUID) -> None:
    """Publish that the buyer is enrolled."""
    payment = session.get_one(PaymentRow, payment_id)
    session.publish(
        PurchaseCompleted(
            payment_id=payment.id,
            user_id=payment.user_id,
            course_id=payment.course_id,
            enrollment_id=enrollment_id,
            amount=money(payment.amount, payment.currency),
            sequence=next_sequence(payment),
        )
    )


def _book_capture(session: Session, payment: PaymentRow, fee: int, shares: dict[UUID, int]) -> None:
    entries = [
        Entry(provider_account(payment.provider), -payment.amount),
        Entry(PLATFORM, fee),
        *(Entry(instructor_account(user), part, user) for user, part in shares.items()),
    ]
    book(session, "capture", payment.id, payment.currency, entries, payment_id=payment.id)


def _captured(payment: PaymentRow, fee: int, shares: dict[UUID, int]) -> PaymentCaptured:
    assert payment.captured_at is not None
    currency = payment.currency
    return PaymentCaptured(
        payment_id=payment.id,
        user_id=payment.user_id,
        course_id=payment.course_id,
        amount=money(payment.amount, currency),
        list_price=money(payment.list_amount, currency),
        coupon_code=payment.coupon_code,
        shares=[Share(user_id=user, amount=money(part, currency)) for user, part in shares.items()],
        platform_fee=money(fee, currency),
        captured_at=payment.captured_at,
        sequence=next_sequence(payment),
    )
