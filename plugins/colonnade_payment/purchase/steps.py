"""The steps of the purchase saga."""

from uuid import UUID

from colonnade.context import current_context
from colonnade.errors import ColonnadeError, Conflict, TooManyRequests
from colonnade.sagas import Resolution, SagaReason, StepCall, StepOutcome
from colonnade.store import Session
from colonnade_course.api import (
    ActivateEnrollment,
    AlreadyEnrolled,
    ReleaseSeat,
    ReservationGone,
    ReserveSeat,
)
from colonnade_payment.api import (
    MethodDeclined,
    NoAnswer,
    Outcome,
    ProviderAction,
    ProviderRecord,
    ProviderRequest,
)
from colonnade_payment.config import PaymentContext
from colonnade_payment.models import PaymentRow
from colonnade_payment.providers.registry import Providers
from colonnade_payment.providers.resolution import resolution_of
from colonnade_payment.purchase.failure import ending_of
from colonnade_payment.purchase.saga import PurchaseState
from colonnade_payment.refund.booking import refund_undelivered
from colonnade_payment.settlement import payments as settlement
from colonnade_payment.statuses import PaymentStatus

ACCOUNT_GONE = "The account was deleted before the course could begin."
COURSE_GONE = "The course was deleted before it could begin."
ENROLLED_ALREADY = "The buyer was enrolled in the course in another way meanwhile."


class PurchaseSteps:
    """Steps, compensations and resolutions of `PURCHASE`."""

    def __init__(self, ctx: PaymentContext, providers: Providers) -> None:
        self._ctx = ctx
        self._providers = providers

    async def reserve_seat(self, call: StepCall) -> StepOutcome:
        """Hold a seat under the payment's id.

        A refusal turns the purchase back at the next step only: a step that fails itself is not
        compensated, and it is this one's compensation that closes the payment.
        """
        state = call.state_as(PurchaseState)
        ask = ReserveSeat(
            key=str(state.payment_id), course_id=state.course_id, user_id=state.user_id
        )
        try:
            reservation = await self._ctx.ask(ask)
        except ColonnadeError as error:
            if error.status >= 500 or isinstance(error, TooManyRequests):
                raise
            return StepOutcome(_changed(state, refused=str(SagaReason(error.code, error.message))))
        held = _changed(state, enrollment_id=reservation.enrollment_id)

        def work(session: Session) -> None:
            row = session.get_one(PaymentRow, state.payment_id)
            row.enrollment_id = reservation.enrollment_id

        return StepOutcome(held, work)

    async def release_seat(self, call: StepCall) -> StepOutcome:
        """Give the seat back, and end the payment in the same transaction."""
        state = call.state_as(PurchaseState)
        await self._ctx.ask(ReleaseSeat(key=str(state.payment_id)))
        refused = SagaReason.parse(state.refused) if state.refused else call.turned_back
        ending = ending_of(refused)

        def work(session: Session) -> None:
            settlement.close(session, state.payment_id, ending)

        return StepOutcome(work=work)

    async def authorize(self, call: StepCall) -> StepOutcome:
        """Ask the provider to set the money aside."""
        state = call.state_as(PurchaseState)
        if state.refused:
            raise Conflict(state.refused)
        if state.amount.amount == 0:
            return StepOutcome(_changed(state, authorization="nothing-to-pay"))
        record = await self._perform(_authorization(call, state), state)
        return self._authorized(state, record)

    async def find_authorization(self, call: StepCall) -> Resolution:
        """Find out what became of an authorisation without an answer."""
        state = call.state_as(PurchaseState)
        record = await self._find(_authorization(call, state), state)
        return resolution_of(record, lambda done: self._authorized(state, done))

    async def void_authorization(self, call: StepCall) -> None:
        """Void the authorisation, if there is one and the provider lets it go."""
        state = call.state_as(PurchaseState)
        if state.amount.amount == 0:
            return
        reference = state.authorization
        if not reference:
            asked = _authorization(call, state, key=f"{call.saga_id}:authorize")
            record = await self._find(asked, state)
            if record is None or record.outcome is not Outcome.SUCCEEDED:
                return
            reference = record.reference
        asked = _request(ProviderAction.VOID, call.idempotency_key, state, reference)
        try:
            await self._providers.perform(state.provider, asked)
        except MethodDeclined:
            # It has run out, or was captured after all: the provider is asked which.
            await self._note_unknown(state.payment_id)

    async def capture(self, call: StepCall) -> StepOutcome:
        """Capture the money: after this nothing is undone."""
        state = call.state_as(PurchaseState)
        if await self._is_unwanted(state.payment_id):
            raise Conflict("payment.canceled_by_buyer: The buyer gave the purchase up.")
        if state.amount.amount == 0:
            return self._captured(state, "nothing-to-pay")
        record = await self._perform(_capture(call, state), state)
        return self._captured(state, record.reference)

    async def find_capture(self, call: StepCall) -> Resolution:
        """Find out what became of a capture without an answer."""
        state = call.state_as(PurchaseState)
        if state.amount.amount == 0:
            return Resolution.did_not_happen()
        record = await self._find(_capture(call, state), state)
        return resolution_of(record, lambda done: self._captured(state, done.reference))

    async def activate_enrollment(self, call: StepCall) -> StepOutcome:
        """Activate the enrolment; tried for as long as the course service does not answer.

        Where it says that this can never be, the money goes back.
        """
        state = call.state_as(PurchaseState)
        try:
            reservation = await self._ctx.ask(ActivateEnrollment(key=str(state.payment_id)))
        except ReservationGone:
            return _undelivered(state, COURSE_GONE)
        except AlreadyEnrolled:
            return _undelivered(state, ENROLLED_ALREADY)
        if reservation.status == "ended" and reservation.activated_at is None:
            return _undelivered(state, ACCOUNT_GONE)
        return StepOutcome()

    async def notify(self, call: StepCall) -> StepOutcome:
        """Publish that the purchase is complete, in the transaction that completes it."""
        state = call.state_as(PurchaseState)
        if state.undelivered:
            return StepOutcome()
        enrollment_id = state.enrollment_id
        assert enrollment_id is not None

        def work(session: Session) -> None:
            settlement.complete(session, state.payment_id, enrollment_id)

        return StepOutcome(work=work)

    def _authorized(self, state: PurchaseState, record: ProviderRecord) -> StepOutcome:
        def work(session: Session) -> None:
            row = session.get_one(PaymentRow, state.payment_id)
            row.authorization = record.reference
            settlement.mark(session, state.payment_id, PaymentStatus.AUTHORIZED)

        return StepOutcome(_changed(state, authorization=record.reference), work)

    def _captured(self, state: PurchaseState, reference: str) -> StepOutcome:
        share = self._ctx.tenant_config().instructor_share

        def work(session: Session) -> None:
            settlement.capture(session, state.payment_id, reference, share)

        return StepOutcome(work=work)

    async def _perform(self, request: ProviderRequest, state: PurchaseState) -> ProviderRecord:
        try:
            return await self._providers.perform(state.provider, request)
        except NoAnswer:
            await self._note_unknown(state.payment_id)
            raise

    async def _find(self, request: ProviderRequest, state: PurchaseState) -> ProviderRecord | None:
        # Also when the process that asked has died: a provider that denies may act all the same.
        await self._note_unknown(state.payment_id)
        return await self._providers.find(state.provider, request)

    async def _note_unknown(self, payment_id: UUID) -> None:
        await self._ctx.store.run(
            lambda session: settlement.mark(session, payment_id, PaymentStatus.UNKNOWN)
        )

    async def _is_unwanted(self, payment_id: UUID) -> bool:
        return await self._ctx.store.read(
            lambda session: session.get_one(PaymentRow, payment_id).cancel_requested
        )


def _undelivered(state: PurchaseState, reason: str) -> StepOutcome:
    return StepOutcome(
        _changed(state, undelivered=True),
        lambda session: refund_undelivered(session, state.payment_id, reason),
    )


def _changed(state: PurchaseState, **changes: object) -> PurchaseState:
    return state.model_copy(update=changes)


def _request(
    action: ProviderAction, key: str, state: PurchaseState, reference: str = ""
) -> ProviderRequest:
    return ProviderRequest(
        action=action,
        key=key,
        tenant=current_context().tenant,
        payment=str(state.payment_id),
        amount=state.amount,
        method=state.method,
        reference=reference,
    )


def _authorization(call: StepCall, state: PurchaseState, *, key: str = "") -> ProviderRequest:
    return _request(ProviderAction.AUTHORIZE, key or call.idempotency_key, state)


def _capture(call: StepCall, state: PurchaseState) -> ProviderRequest:
    return _request(
        ProviderAction.CAPTURE, call.idempotency_key, state, reference=state.authorization
    )
