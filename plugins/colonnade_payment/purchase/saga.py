"""The purchase: reserve a seat, authorise, capture, activate the enrolment, tell everybody.

Capturing is the pivot. What fails before it gives everything back; what follows it is tried for
ever. A provider that does not answer is asked what became of the request, never guessed about.
"""

from typing import Literal
from uuid import UUID

from colonnade.context import current_context
from colonnade.errors import ColonnadeError, Conflict, TooManyRequests
from colonnade.messages import Message
from colonnade.money import Money
from colonnade.sagas import Resolution, RetryRule, Saga, Step, StepCall, StepOutcome
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
from colonnade_payment.providers.registry import PATIENCE, Till
from colonnade_payment.refund.saga import refund_undelivered
from colonnade_payment.settlement import payments as settlement

ACCOUNT_GONE = "The account was deleted before the course could begin."
COURSE_GONE = "The course was deleted before it could begin."
ENROLLED_ALREADY = "The buyer was enrolled in the course in another way meanwhile."

STEP_SECONDS = 15.0
"""What one try of a step may take; more than a provider gets to answer."""


class PurchaseState(Message):
    """What one step hands to the next. `refused` says why the course service gave no seat;
    `undelivered` that the enrolment ended before it began."""

    payment_id: UUID
    user_id: UUID
    course_id: UUID
    provider: str
    method: str
    amount: Money
    enrollment_id: UUID | None = None
    authorization: str = ""
    refused: str = ""
    undelivered: bool = False


PURCHASE = Saga(
    name="purchase",
    state=PurchaseState,
    timeout=900.0,
    persistence=PATIENCE,
    steps=(
        Step(
            "reserve-seat",
            "reserve_seat",
            compensation="release_seat",
            idempotent=True,
            retry=RetryRule(8),
            timeout=STEP_SECONDS,
        ),
        Step(
            "authorize",
            "authorize",
            compensation="void_authorization",
            resolve="find_authorization",
            retry=RetryRule(3),
            timeout=STEP_SECONDS,
        ),
        Step(
            "capture",
            "capture",
            resolve="find_capture",
            pivot=True,
            retry=RetryRule(3),
            timeout=STEP_SECONDS,
        ),
        Step("activate-enrollment", "activate_enrollment", idempotent=True),
        Step("notify", "notify", idempotent=True),
    ),
)
"""A purchase whose money is not captured within a quarter of an hour is given up."""


class Purchases:
    """The steps of a purchase."""

    def __init__(self, ctx: PaymentContext, till: Till) -> None:
        self._ctx = ctx
        self._till = till

    async def reserve_seat(self, call: StepCall) -> StepOutcome:
        """Hold a seat under the payment's id. A refusal turns the purchase back at the next step,
        so that this one's compensation closes the payment."""
        state = call.state_as(PurchaseState)
        ask = ReserveSeat(
            key=str(state.payment_id), course_id=state.course_id, user_id=state.user_id
        )
        try:
            reservation = await self._ctx.ask(ask)
        except ColonnadeError as error:
            if error.status >= 500 or isinstance(error, TooManyRequests):
                raise
            return StepOutcome(_with(state, refused=f"{error.code}: {error.message}"))
        held = _with(state, enrollment_id=reservation.enrollment_id)

        def work(session: Session) -> None:
            row = session.get_one(PaymentRow, state.payment_id)
            row.enrollment_id = reservation.enrollment_id

        return StepOutcome(held, work)

    async def release_seat(self, call: StepCall) -> StepOutcome:
        """Give the seat back, and end the payment in the same transaction."""
        state = call.state_as(PurchaseState)
        await self._ctx.ask(ReleaseSeat(key=str(state.payment_id)))
        ending = ending_of(state.refused or call.reason)

        def work(session: Session) -> None:
            settlement.close(session, state.payment_id, ending)

        return StepOutcome(work=work)

    async def authorize(self, call: StepCall) -> StepOutcome:
        """Have the provider set the money aside."""
        state = call.state_as(PurchaseState)
        if state.refused:
            raise Conflict(state.refused)
        if state.amount.amount == 0:
            return StepOutcome(_with(state, authorization="nothing-to-pay"))
        record = await self._perform(_authorization(call, state), state)
        return self._authorized(state, record)

    async def find_authorization(self, call: StepCall) -> Resolution:
        """What became of an authorisation that nobody answered for."""
        state = call.state_as(PurchaseState)
        record = await self._find(_authorization(call, state), state)
        if record is None or record.outcome is Outcome.DECLINED:
            # A refusal is repeated, and then takes the usual way.
            return Resolution.did_not_happen()
        if record.outcome is Outcome.PENDING:
            return Resolution.cannot_tell()
        outcome = self._authorized(state, record)
        return Resolution.happened(state=outcome.state, work=outcome.work)

    async def void_authorization(self, call: StepCall) -> None:
        """Let go of the money that was set aside, if any was and the provider lets it go."""
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
            await self._till.perform(state.provider, asked)
        except MethodDeclined:
            # It has run out, or was captured after all: the provider is asked which.
            await self._note_unknown(state.payment_id)

    async def capture(self, call: StepCall) -> StepOutcome:
        """Take the money: after this nothing is undone."""
        state = call.state_as(PurchaseState)
        if await self._is_unwanted(state.payment_id):
            raise Conflict("payment.canceled_by_buyer: The buyer gave the purchase up.")
        if state.amount.amount == 0:
            return self._captured(state, "nothing-to-pay")
        record = await self._perform(_capture(call, state), state)
        return self._captured(state, record.reference)

    async def find_capture(self, call: StepCall) -> Resolution:
        """What became of a capture that nobody answered for."""
        state = call.state_as(PurchaseState)
        if state.amount.amount == 0:
            return Resolution.did_not_happen()
        record = await self._find(_capture(call, state), state)
        if record is None or record.outcome is Outcome.DECLINED:
            return Resolution.did_not_happen()
        if record.outcome is Outcome.PENDING:
            return Resolution.cannot_tell()
        return Resolution.happened(work=self._captured(state, record.reference).work)

    async def activate_enrollment(self, call: StepCall) -> StepOutcome:
        """Let the buyer in; tried for as long as the course service does not answer. Where it says
        that this can never be, the money goes back."""
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
        """Say that the purchase is complete, in the transaction that completes it."""
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
            settlement.mark(session, state.payment_id, "authorized")

        return StepOutcome(_with(state, authorization=record.reference), work)

    def _captured(self, state: PurchaseState, reference: str) -> StepOutcome:
        share = self._ctx.tenant_config().instructor_share

        def work(session: Session) -> None:
            settlement.capture(session, state.payment_id, reference, share)

        return StepOutcome(work=work)

    async def _perform(self, request: ProviderRequest, state: PurchaseState) -> ProviderRecord:
        try:
            return await self._till.perform(state.provider, request)
        except NoAnswer:
            await self._note_unknown(state.payment_id)
            raise

    async def _find(self, request: ProviderRequest, state: PurchaseState) -> ProviderRecord | None:
        # Also when the process that asked has died: a provider that denies may act all the same.
        await self._note_unknown(state.payment_id)
        return await self._till.find(state.provider, request)

    async def _note_unknown(self, payment_id: UUID) -> None:
        await self._ctx.store.run(lambda session: settlement.mark(session, payment_id, "unknown"))

    async def _is_unwanted(self, payment_id: UUID) -> bool:
        return await self._ctx.store.read(
            lambda session: session.get_one(PaymentRow, payment_id).cancel_requested
        )


def _undelivered(state: PurchaseState, reason: str) -> StepOutcome:
    return StepOutcome(
        _with(state, undelivered=True),
        lambda session: refund_undelivered(session, state.payment_id, reason),
    )


def _with(state: PurchaseState, **changes: object) -> PurchaseState:
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


def ending_of(reason: str) -> settlement.Ending:
    """How a payment ends whose saga turned back for `reason`, a code and a sentence."""
    kind, _, rest = reason.partition(": ")
    if kind in (MethodDeclined.code, Conflict.code):
        code, _, sentence = rest.partition(": ")
        status: Literal["declined", "canceled"] = "canceled"
        if kind == MethodDeclined.code:
            status = "declined"
        return settlement.Ending(status, code, sentence or rest)
    if not rest:
        return settlement.Ending("canceled", "given_up", reason, unsure=True)
    return settlement.Ending("canceled", kind, rest, unsure=kind in _UNSURE)


_UNSURE = frozenset({NoAnswer.code, "deadline_exceeded", "unavailable", "internal"})
