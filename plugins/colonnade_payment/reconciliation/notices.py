"""Notices of providers, by webhook or when polled: in any order, any number of times, the ledger
ends the same."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import or_, select

from colonnade.errors import Unavailable
from colonnade.identifiers import new_id
from colonnade.money import Money
from colonnade.sagas import start_saga
from colonnade.store import Session
from colonnade_payment.api import (
    Outcome,
    ProviderAction,
    ProviderNotice,
)
from colonnade_payment.models import PaymentRow, RefundRow
from colonnade_payment.reconciliation.late_authorizations import VOID, VoidState
from colonnade_payment.refund.booking import book_refund, claim_refund, new_refund
from colonnade_payment.refund.saga import REFUND, RefundState
from colonnade_payment.settlement import payments as settlement
from colonnade_payment.statuses import FAILED, RefundStatus

LATE = "The money arrived after the purchase had been given up."
BY_PROVIDER = "The payment provider gave the money back."


class NoticeEffect(StrEnum):
    """Effect of a notice, as it is stored and logged."""

    UNKNOWN_PAYMENT = "unknown_payment"
    """It is about a payment that is not one of this academy's."""
    NOTED = "noted"
    """It changes nothing by its kind, such as a refusal."""
    KNOWN = "known"
    """It was booked already, or a saga finds out by itself."""
    IMPOSSIBLE_CAPTURE = "impossible_capture"
    LATE_CAPTURE_REFUNDED = "late_capture_refunded"
    LATE_AUTHORIZATION_VOIDED = "late_authorization_voided"
    LATE_REFUND = "late_refund"
    IMPOSSIBLE_REFUND = "impossible_refund"
    REFUND = "refund"
    REPEATED = "repeated"
    """A notice of this id was applied before."""

    @property
    def needs_attention(self) -> bool:
        """Tell whether the ledger cannot take it, so that a person has to look at it."""
        return self in (NoticeEffect.IMPOSSIBLE_CAPTURE, NoticeEffect.IMPOSSIBLE_REFUND)


def apply_notice(
    session: Session, provider: str, notice: ProviderNotice, share_percent: int
) -> NoticeEffect:
    """Book what a provider says.

    Raises:
        Unavailable: what comes before it is not known here yet; it must be said again.
    """
    payment = _payment_of(session, provider, notice)
    if payment is None:
        return NoticeEffect.UNKNOWN_PAYMENT
    if notice.record.outcome is not Outcome.SUCCEEDED:
        return NoticeEffect.NOTED
    if notice.record.action is ProviderAction.CAPTURE:
        return _captured(session, payment, notice, share_percent)
    if notice.record.action is ProviderAction.AUTHORIZE:
        return _authorized(session, payment, notice)
    if notice.record.action is ProviderAction.REFUND:
        return _refunded(session, payment, notice)
    return NoticeEffect.NOTED


def _payment_of(session: Session, provider: str, notice: ProviderNotice) -> PaymentRow | None:
    # Of this provider only: whoever signs for one must not move the money of another.
    query = select(PaymentRow).where(PaymentRow.provider == provider)
    if notice.payment:
        try:
            return session.scalar(query.where(PaymentRow.id == UUID(notice.payment)))
        except ValueError:
            return None
    if not notice.target:
        return None
    named = or_(PaymentRow.authorization == notice.target, PaymentRow.capture == notice.target)
    return session.scalar(query.where(named).limit(1))


def _captured(
    session: Session, payment: PaymentRow, notice: ProviderNotice, share_percent: int
) -> NoticeEffect:
    if payment.status not in FAILED:
        # Booked already, or the purchase finds out by itself.
        return NoticeEffect.KNOWN
    # Nobody asked for another amount, and the refund below could not give it back whole.
    if notice.record.amount != Money(amount=payment.amount, currency=payment.currency):
        return NoticeEffect.IMPOSSIBLE_CAPTURE
    settlement.capture(session, payment.id, notice.record.reference, share_percent)
    payment.watch_until = None
    refund = new_refund(new_id(), payment, payment.amount, LATE, "service:payment")
    claim_refund(session, payment, refund)
    return NoticeEffect.LATE_CAPTURE_REFUNDED


def _authorized(session: Session, payment: PaymentRow, notice: ProviderNotice) -> NoticeEffect:
    if payment.status not in FAILED or payment.authorization:
        return NoticeEffect.KNOWN
    payment.authorization = notice.record.reference
    state = VoidState(
        payment_id=payment.id,
        provider=payment.provider,
        tenant=session.tenant,
        authorization=notice.record.reference,
        amount=notice.record.amount,
    )
    start_saga(session, VOID, state)
    return NoticeEffect.LATE_AUTHORIZATION_VOIDED


def _refunded(session: Session, payment: PaymentRow, notice: ProviderNotice) -> NoticeEffect:
    ours = _our_refund(session, notice)
    if ours is not None:
        # A saga books its own success; only one that gave up has to be told of it.
        if ours.status != RefundStatus.FAILED:
            return NoticeEffect.KNOWN
        book_refund(session, ours.id, notice.record.reference)
        _end_enrollment(session, ours, payment)
        return NoticeEffect.LATE_REFUND
    if _is_known(session, payment, notice.record.reference):
        return NoticeEffect.KNOWN
    # Webhooks overtake each other, and a provider sends those again that are not accepted.
    if payment.captured_at is None:
        raise Unavailable("The payment's capture is not known here yet; send this again later.")
    return _refunded_by_provider(session, payment, notice)


def _our_refund(session: Session, notice: ProviderNotice) -> RefundRow | None:
    identifier, _, step = notice.key.partition(":")
    if step != "refund":
        return None
    try:
        return session.get(RefundRow, UUID(identifier))
    except ValueError:
        return None


def _is_known(session: Session, payment: PaymentRow, reference: str) -> bool:
    query = select(RefundRow.id).where(
        RefundRow.provider == payment.provider, RefundRow.provider_reference == reference
    )
    return session.scalar(query) is not None


def _refunded_by_provider(
    session: Session, payment: PaymentRow, notice: ProviderNotice
) -> NoticeEffect:
    amount = notice.record.amount
    left = payment.amount - payment.refunded
    if amount.currency != payment.currency or not 0 < amount.amount <= left:
        return NoticeEffect.IMPOSSIBLE_REFUND
    refund = new_refund(
        new_id(), payment, amount.amount, BY_PROVIDER, f"provider:{payment.provider}"
    )
    payment.refunding += refund.amount
    session.add(refund)
    session.flush()
    book_refund(session, refund.id, notice.record.reference)
    _end_enrollment(session, refund, payment)
    return NoticeEffect.REFUND


def _end_enrollment(session: Session, refund: RefundRow, payment: PaymentRow) -> None:
    state = RefundState(
        refund_id=refund.id,
        payment_id=payment.id,
        provider=payment.provider,
        capture=payment.capture,
        amount=Money(amount=refund.amount, currency=refund.currency),
    )
    start_saga(session, REFUND, state)
