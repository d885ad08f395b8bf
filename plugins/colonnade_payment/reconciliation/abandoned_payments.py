"""Abandoned payments: their saga has ended and left them open."""

from collections.abc import Sequence

from sqlalchemy import select

from colonnade.saga_tables import SagaRow
from colonnade.sagas import SagaPhase, SagaReason
from colonnade.services import ServiceContext
from colonnade.store import Session
from colonnade_payment.models import PaymentRow
from colonnade_payment.purchase.failure import ending_of
from colonnade_payment.settlement import payments as settlement
from colonnade_payment.statuses import OPEN

AT_ONCE = 100
"""Payments that one run ends at most."""

_ENDED = [str(phase) for phase in SagaPhase if phase.has_ended]


class AbandonedPayments:
    """Scheduled ending of payments whose saga turned back before its first compensation."""

    def __init__(self, ctx: ServiceContext) -> None:
        self._ctx = ctx

    async def close_abandoned(self) -> None:
        """End payments whose saga has ended without doing so."""
        if await self._ctx.store.read(lambda session: bool(_abandoned(session))):
            await self._ctx.store.run(_close_abandoned)


def _abandoned(session: Session) -> Sequence[tuple[PaymentRow, str]]:
    query = (
        select(PaymentRow, SagaRow.reason)
        .join(SagaRow, SagaRow.id == PaymentRow.id)
        .where(PaymentRow.status.in_(OPEN), SagaRow.phase.in_(_ENDED))
        .limit(AT_ONCE)
    )
    return [(row, reason) for row, reason in session.execute(query)]


def _close_abandoned(session: Session) -> None:
    for payment, reason in _abandoned(session):
        settlement.close(session, payment.id, ending_of(SagaReason.parse(reason)))
