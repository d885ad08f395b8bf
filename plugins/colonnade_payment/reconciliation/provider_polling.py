"""What is looked after from time to time: purchases that ended without saying so, and providers
that may have acted after their purchase was given up."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from colonnade.context import current_context
from colonnade.errors import ColonnadeError
from colonnade.saga_tables import SagaRow
from colonnade.sagas import SagaPhase
from colonnade.store import Session
from colonnade_payment.api import ProviderAction, ProviderNotice, ProviderRequest
from colonnade_payment.config import PaymentContext
from colonnade_payment.models import PaymentRow
from colonnade_payment.presentation import money
from colonnade_payment.providers.registry import Till
from colonnade_payment.purchase.saga import ending_of
from colonnade_payment.reconciliation.notices import apply
from colonnade_payment.settlement import payments as settlement

AT_ONCE = 100
_ENDED = [str(phase) for phase in SagaPhase if phase.has_ended]


class Watch:
    """The scheduled methods of the service."""

    def __init__(self, ctx: PaymentContext, till: Till) -> None:
        self._ctx = ctx
        self._till = till
        self._asked_last: dict[str, UUID] = {}

    async def close_abandoned(self) -> None:
        """End payments whose saga turned back before its first compensation could do that."""
        if await self._ctx.store.read(lambda session: bool(_abandoned(session))):
            await self._ctx.store.run(_close_abandoned)

    async def ask_providers(self) -> None:
        """Find out whether a provider acted after its purchase had been given up.

        Each run goes on where the last one stopped, be it cut off, so that everybody's turn comes
        however many are watched.
        """
        if await self._ctx.store.read(_has_watched_enough):
            await self._ctx.store.run(_stop_watching)
        tenant = current_context().tenant
        asked_last = self._asked_last.get(tenant)
        watched = await self._ctx.store.read(lambda session: _watched(session, asked_last))
        for request, provider in watched:
            self._asked_last[tenant] = UUID(request.payment)
            try:
                await self._ask(provider, request)
            except ColonnadeError as error:
                self._ctx.log.warning(
                    "provider cannot be asked", payment_id=request.payment, error=error
                )

    async def _ask(self, provider: str, request: ProviderRequest) -> None:
        record = await self._till.find(provider, request)
        if record is None:
            return
        notice = ProviderNotice(
            id=f"asked:{request.key}",
            occurred_at=self._ctx.clock.now(),
            payment=request.payment,
            key=request.key,
            record=record,
        )
        share = self._ctx.tenant_config().instructor_share
        await self._ctx.store.run(lambda session: apply(session, provider, notice, share))


def _watched(session: Session, asked_last: UUID | None) -> Sequence[tuple[ProviderRequest, str]]:
    query = select(PaymentRow).where(PaymentRow.watch_until.is_not(None)).limit(AT_ONCE)
    # Those whose turn is next come first, then the round begins again.
    later = [] if asked_last is None else [(PaymentRow.id <= asked_last)]
    rows = session.scalars(query.order_by(*later, PaymentRow.id))
    return [(request, row.provider) for row in rows for request in _questions(row)]


def _questions(row: PaymentRow) -> list[ProviderRequest]:
    actions = [(ProviderAction.AUTHORIZE, "authorize")]
    if row.authorization:
        actions = [(ProviderAction.CAPTURE, "capture")]
    return [
        ProviderRequest(
            action=action,
            key=f"{row.id}:{step}",
            tenant=current_context().tenant,
            payment=str(row.id),
            amount=money(row.amount, row.currency),
            method=row.method,
            reference=row.authorization,
        )
        for action, step in actions
    ]


def _abandoned(session: Session) -> Sequence[tuple[PaymentRow, str]]:
    query = (
        select(PaymentRow, SagaRow.reason)
        .join(SagaRow, SagaRow.id == PaymentRow.id)
        .where(PaymentRow.status.in_(settlement.OPEN), SagaRow.phase.in_(_ENDED))
        .limit(AT_ONCE)
    )
    return [(row, reason) for row, reason in session.execute(query)]


def _close_abandoned(session: Session) -> None:
    for payment, reason in _abandoned(session):
        settlement.close(session, payment.id, ending_of(reason))


def _stop_watching(session: Session) -> None:
    query = select(PaymentRow).where(PaymentRow.watch_until < session.now).limit(AT_ONCE)
    for row in session.scalars(query):
        row.watch_until = None


def _has_watched_enough(session: Session) -> bool:
    query = select(PaymentRow.id).where(PaymentRow.watch_until < session.now).limit(1)
    return session.scalar(query) is not None
