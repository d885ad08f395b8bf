"""What providers say by themselves, by webhook or when asked again: any order, any number of
times, the same books."""

from uuid import UUID

from sqlalchemy import or_, select

from colonnade.errors import Unavailable
from colonnade.identifiers import new_id
from colonnade.messages import Message
from colonnade.money import Money
from colonnade.sagas import Saga, Step, StepCall, StepOutcome, start_saga
from colonnade.store import Session
from colonnade_payment.api import (
    MethodDeclined,
    Outcome,
    ProviderAction,
    ProviderNotice,
    ProviderRequest,
)
from colonnade_payment.models import PaymentRow, RefundRow
from colonnade_payment.providers.registry import PATIENCE, Till
from colonnade_payment.refund.saga import REFUND, RefundState, book_refund, claim, new_refund
from colonnade_payment.settlement import payments as settlement

UNKNOWN_PAYMENT = "unknown_payment"
"""The word for what is about a payment that is not one of this academy's."""

LATE = "The money arrived after the purchase had been given up."
BY_PROVIDER = "The payment provider gave the money back."


class VoidState(Message):
    """An authorisation that nobody wants any more."""

    payment_id: UUID
    provider: str
    tenant: str
    authorization: str
    amount: Money


VOID = Saga(
    name="void-late-authorization",
    state=VoidState,
    steps=(Step("void", "void_late", idempotent=True, pivot=True, retry=PATIENCE),),
)
"""Lets go of money that was set aside too late."""


class Lateness:
    """The step of `VOID`."""

    def __init__(self, till: Till) -> None:
        self._till = till

    async def void_late(self, call: StepCall) -> StepOutcome:
        """Let go. A provider that refuses for good has let it run out, or has captured it after
        all: it is asked which."""
        state = call.state_as(VoidState)
        asked = ProviderRequest(
            action=ProviderAction.VOID,
            key=call.idempotency_key,
            tenant=state.tenant,
            payment=str(state.payment_id),
            amount=state.amount,
            reference=state.authorization,
        )
        try:
            await self._till.perform(state.provider, asked)
        except MethodDeclined:
            return StepOutcome(work=lambda session: settlement.watch(session, state.payment_id))
        return StepOutcome()


def apply(session: Session, provider: str, notice: ProviderNotice, share_percent: int) -> str:
    """Take what a provider says into the books; answers what came of it, in a word.

    Raises:
        Unavailable: what comes before it is not known here yet; it must be said again.
    """
    payment = _payment_of(session, provider, notice)
    if payment is None:
        return UNKNOWN_PAYMENT
    if notice.record.outcome is not Outcome.SUCCEEDED:
        return "noted"
    if notice.record.action is ProviderAction.CAPTURE:
        return _captured(session, payment, notice, share_percent)
    if notice.record.action is ProviderAction.AUTHORIZE:
        return _authorized(session, payment, notice)
    if notice.record.action is ProviderAction.REFUND:
        return _refunded(session, payment, notice)
    return "noted"


def _payment_of(session: Session, provider: str, notice: ProviderNotice) -> PaymentRow | None:
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
) -> str:
    if payment.status not in ("declined", "canceled"):
        # Booked already, or the purchase finds out by itself.
        return "known"
    if notice.record.amount != Money(amount=payment.amount, currency=payment.currency):
        return "impossible_capture"
    settlement.capture(session, payment.id, notice.record.reference, share_percent)
    payment.watch_until = None
    refund = new_refund(new_id(), payment, payment.amount, LATE, "service:payment")
    claim(session, payment, refund)
    return "late_capture_refunded"


def _authorized(session: Session, payment: PaymentRow, notice: ProviderNotice) -> str:
    if payment.status not in ("declined", "canceled") or payment.authorization:
        return "known"
    payment.authorization = notice.record.reference
    state = VoidState(
        payment_id=payment.id,
        provider=payment.provider,
        tenant=session.tenant,
        authorization=notice.record.reference,
        amount=notice.record.amount,
    )
    start_saga(session, VOID, state)
    return "late_authorization_voided"


def _refunded(session: Session, payment: PaymentRow, notice: ProviderNotice) -> str:
    ours = _our_refund(session, notice)
    if ours is not None:
        if ours.status != "failed":
            return "known"
        book_refund(session, ours.id, notice.record.reference)
        _end_enrollment(session, ours, payment)
        return "late_refund"
    if _is_known(session, payment, notice.record.reference):
        return "known"
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


def _refunded_by_provider(session: Session, payment: PaymentRow, notice: ProviderNotice) -> str:
    amount = notice.record.amount
    left = payment.amount - payment.refunded
    if amount.currency != payment.currency or not 0 < amount.amount <= left:
        return "impossible_refund"
    refund = new_refund(
        new_id(), payment, amount.amount, BY_PROVIDER, f"provider:{payment.provider}"
    )
    payment.refunding += refund.amount
    session.add(refund)
    session.flush()
    book_refund(session, refund.id, notice.record.reference)
    _end_enrollment(session, refund, payment)
    return "refund"


def _end_enrollment(session: Session, refund: RefundRow, payment: PaymentRow) -> None:
    state = RefundState(
        refund_id=refund.id,
        payment_id=payment.id,
        provider=payment.provider,
        capture=payment.capture,
        amount=Money(amount=refund.amount, currency=refund.currency),
    )
    start_saga(session, REFUND, state)
