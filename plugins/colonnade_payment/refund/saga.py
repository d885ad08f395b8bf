"""Giving money back: claimed first, sent once, booked when it is known to have gone."""

from uuid import UUID

from sqlalchemy import select

from colonnade.context import current_context
from colonnade.errors import NotFound
from colonnade.identifiers import new_id
from colonnade.messages import Message
from colonnade.money import Money
from colonnade.sagas import Resolution, Saga, Step, StepCall, StepOutcome, start_saga
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_course.api import EndEnrollment
from colonnade_payment.api import (
    Outcome,
    PaymentRefunded,
    ProviderAction,
    ProviderRequest,
    PurchaseUndelivered,
    Share,
)
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
from colonnade_payment.providers.registry import PATIENCE, Till
from colonnade_payment.settlement.payments import next_sequence


class RefundState(Message):
    """What one step hands to the next."""

    refund_id: UUID
    payment_id: UUID
    provider: str
    capture: str
    amount: Money


REFUND = Saga(
    name="refund",
    state=RefundState,
    persistence=PATIENCE,
    steps=(
        Step("claim", "keep_claim", compensation="drop_claim", idempotent=True),
        Step("refund", "refund", resolve="find_refund", pivot=True, retry=PATIENCE, timeout=15),
        Step("end-enrollment", "end_enrollment", idempotent=True),
    ),
)
"""The claim is made with the saga; its step is there to be compensated."""


class Refunding:
    """The steps of a refund."""

    def __init__(self, ctx: ServiceContext, till: Till) -> None:
        self._ctx = ctx
        self._till = till

    async def keep_claim(self, call: StepCall) -> None:
        """Nothing to do: the order of the refund has claimed the amount."""

    async def drop_claim(self, call: StepCall) -> StepOutcome:
        """The provider refused: the amount may be refunded again."""
        state = call.state_as(RefundState)
        return StepOutcome(work=lambda session: fail(session, state.refund_id, call.reason))

    async def refund(self, call: StepCall) -> StepOutcome:
        """Send the money back, unless the provider has done so by itself."""
        state = call.state_as(RefundState)
        if await self._is_booked(state.refund_id):
            return StepOutcome()
        record = await self._till.perform(state.provider, _request(call, state))
        return StepOutcome(
            work=lambda session: book_refund(session, state.refund_id, record.reference)
        )

    async def find_refund(self, call: StepCall) -> Resolution:
        """What became of a refund that nobody answered for."""
        state = call.state_as(RefundState)
        record = await self._till.find(state.provider, _request(call, state))
        if record is None or record.outcome is Outcome.DECLINED:
            return Resolution.did_not_happen()
        if record.outcome is Outcome.PENDING:
            return Resolution.cannot_tell()
        return Resolution.happened(
            work=lambda session: book_refund(session, state.refund_id, record.reference)
        )

    async def end_enrollment(self, call: StepCall) -> None:
        """End the enrolment of a payment of which nothing is left; tried until it is active."""
        state = call.state_as(RefundState)
        enrollment_id = await self._ctx.store.read(
            lambda session: _to_be_ended(session, state.payment_id)
        )
        if enrollment_id is None:
            return
        try:
            await self._ctx.ask(EndEnrollment(enrollment_id=enrollment_id))
        except NotFound:
            # The course is gone, and the enrolment with it.
            return

    async def _is_booked(self, refund_id: UUID) -> bool:
        return await self._ctx.store.read(
            lambda session: session.get_one(RefundRow, refund_id).status == "succeeded"
        )


def claim(session: Session, payment: PaymentRow, refund: RefundRow) -> None:
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
        claim(session, payment, new_refund(new_id(), payment, left, reason, "service:payment"))
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
    """A refund that has not been sent, not yet in a session."""
    return RefundRow(
        id=refund_id,
        payment_id=payment.id,
        amount=amount,
        currency=payment.currency,
        status="pending",
        reason=reason,
        requested_by=requested_by,
        provider=payment.provider,
    )


def fail(session: Session, refund_id: UUID, reason: str) -> None:
    """Note that a refund was refused; its claim is free again. Once."""
    refund = session.get_one(RefundRow, refund_id)
    if refund.status != "pending":
        return
    refund.status = "failed"
    refund.failure = reason[:500]
    session.get_one(PaymentRow, refund.payment_id).refunding -= refund.amount


def book_refund(session: Session, refund_id: UUID, reference: str) -> None:
    """Book that money has gone back; once."""
    refund = session.get_one(RefundRow, refund_id)
    if refund.status == "succeeded":
        return
    payment = session.get_one(PaymentRow, refund.payment_id)
    if refund.status == "failed":
        payment.refunding += refund.amount
    refund.status, refund.failure = "succeeded", None
    refund.provider_reference = reference
    refund.refunded_at = session.now
    fee, shares = _take_back(session, payment, refund.amount)
    payment.refunded += refund.amount
    is_full = payment.refunded == payment.amount
    payment.status = "refunded" if is_full else "partially_refunded"
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


def _to_be_ended(session: Session, payment_id: UUID) -> UUID | None:
    payment = session.get_one(PaymentRow, payment_id)
    return payment.enrollment_id if payment.refunded == payment.amount else None


def _request(call: StepCall, state: RefundState) -> ProviderRequest:
    return ProviderRequest(
        action=ProviderAction.REFUND,
        key=call.idempotency_key,
        tenant=current_context().tenant,
        payment=str(state.payment_id),
        amount=state.amount,
        reference=state.capture,
    )
