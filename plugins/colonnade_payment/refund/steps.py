"""The steps of the refund saga."""

from uuid import UUID

from colonnade.context import current_context
from colonnade.errors import NotFound
from colonnade.sagas import Resolution, StepCall, StepOutcome
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_course.api import EndEnrollment
from colonnade_payment.api import ProviderAction, ProviderRecord, ProviderRequest
from colonnade_payment.models import PaymentRow, RefundRow
from colonnade_payment.providers.registry import Providers
from colonnade_payment.providers.resolution import resolution_of
from colonnade_payment.refund.booking import book_refund, fail_refund
from colonnade_payment.refund.saga import RefundState
from colonnade_payment.statuses import RefundStatus


class RefundSteps:
    """Steps, compensations and resolutions of `REFUND`."""

    def __init__(self, ctx: ServiceContext, providers: Providers) -> None:
        self._ctx = ctx
        self._providers = providers

    async def keep_claim(self, call: StepCall) -> None:
        """Leave everything as it is: the order of the refund has claimed the amount."""

    async def drop_claim(self, call: StepCall) -> StepOutcome:
        """Free the claim after a refusal: the amount may be refunded again."""
        state = call.state_as(RefundState)
        return StepOutcome(work=lambda session: fail_refund(session, state.refund_id, call.reason))

    async def refund(self, call: StepCall) -> StepOutcome:
        """Send the money back, unless the provider has done so by itself."""
        state = call.state_as(RefundState)
        if await self._is_booked(state.refund_id):
            return StepOutcome()
        record = await self._providers.perform(state.provider, _request(call, state))
        return _booked(state, record)

    async def find_refund(self, call: StepCall) -> Resolution:
        """Find out what became of a refund without an answer."""
        state = call.state_as(RefundState)
        record = await self._providers.find(state.provider, _request(call, state))
        return resolution_of(record, lambda done: _booked(state, done))

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
            lambda session: session.get_one(RefundRow, refund_id).status == RefundStatus.SUCCEEDED
        )


def _booked(state: RefundState, record: ProviderRecord) -> StepOutcome:
    return StepOutcome(work=lambda session: book_refund(session, state.refund_id, record.reference))


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
