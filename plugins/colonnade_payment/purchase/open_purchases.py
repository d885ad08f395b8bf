"""Open purchases: a person has one of a course at a time."""

from collections.abc import Sequence, Set
from uuid import UUID

from sqlalchemy import bindparam, or_, select

from colonnade.rows import ConstraintViolated, prepare
from colonnade.store import Session
from colonnade_payment.api import AlreadyEnrolled
from colonnade_payment.models import PaymentRow
from colonnade_payment.statuses import OPEN, PaymentStatus

_EFFECTIVE = (*OPEN, PaymentStatus.CAPTURED, PaymentStatus.PARTIALLY_REFUNDED)
"""Statuses of a payment that has bought the course, or may yet."""

_EFFECTIVE_PAYMENTS = prepare(
    select(PaymentRow).where(
        PaymentRow.user_id == bindparam("user_id"),
        PaymentRow.course_id == bindparam("course_id"),
        or_(*(PaymentRow.status == status for status in _EFFECTIVE)),
    )
)


def refuse_second(session: Session, course_id: UUID, user_id: UUID) -> Set[UUID]:
    """Find the payments by which the buyer has had the course, none of them open.

    Whether they still have it, the course service says.

    Raises:
        AlreadyEnrolled: one is under way; `details.payment_id` names it.
    """
    payments = _effective(session, course_id, user_id)
    for payment in payments:
        if payment.status in OPEN:
            raise _refusal(payment)
    return {payment.id for payment in payments}


def refuse_late(session: Session, order: PaymentRow, known: Set[UUID]) -> None:
    """Refuse an order whose buyer has ordered the course since `known` was read.

    What was captured in between has led to an enrolment that the course service did not speak of
    yet.

    Raises:
        AlreadyEnrolled: they have; `details.payment_id` names the other payment.
    """
    for payment in _effective(session, order.course_id, order.user_id):
        if payment.id not in known:
            raise _refusal(payment)


def insert_only(session: Session, order: PaymentRow) -> None:
    """Add an order.

    Raises:
        AlreadyEnrolled: a transaction that this one does not see has made another.
    """
    session.add(order)
    try:
        session.flush()
    except ConstraintViolated:
        raise AlreadyEnrolled(_SENTENCE) from None


def _effective(session: Session, course_id: UUID, user_id: UUID) -> Sequence[PaymentRow]:
    return session.scalars(_EFFECTIVE_PAYMENTS, {"user_id": user_id, "course_id": course_id})


_SENTENCE = "You are buying this course already; follow that payment, or cancel it first."


def _refusal(payment: PaymentRow) -> AlreadyEnrolled:
    details = {"payment_id": str(payment.id), "status": payment.status}
    if payment.enrollment_id is not None:
        details["enrollment_id"] = str(payment.enrollment_id)
    return AlreadyEnrolled(_SENTENCE, details=details)
