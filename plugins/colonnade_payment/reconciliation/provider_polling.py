"""Polling of providers that may have acted after their purchase was given up."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from colonnade.context import current_context
from colonnade.errors import ColonnadeError
from colonnade.store import Session
from colonnade_payment.api import ProviderAction, ProviderNotice, ProviderRequest
from colonnade_payment.config import PaymentContext
from colonnade_payment.models import PaymentRow
from colonnade_payment.presentation import money
from colonnade_payment.providers.registry import Providers
from colonnade_payment.reconciliation.notices import apply_notice

AT_ONCE = 100
"""Payments that one run asks about at most."""


class ProviderPolling:
    """Scheduled questions to providers, about payments with a `watch_until`."""

    def __init__(self, ctx: PaymentContext, providers: Providers) -> None:
        self._ctx = ctx
        self._providers = providers
        # In memory only: after a restart the round begins anew, at the cost of some questions.
        self._asked_last: dict[str, UUID] = {}

    async def ask_providers(self) -> None:
        """Ask about the payments that are watched, and book what a provider did after all.

        Each run goes on where the last one stopped, be it cut off, so that everybody's turn comes
        however many are watched.
        """
        if await self._ctx.store.read(_has_expired):
            await self._ctx.store.run(_stop_watching)
        tenant = current_context().tenant
        asked_last = self._asked_last.get(tenant)
        watched = await self._ctx.store.read(lambda session: _requests(session, asked_last))
        for request, provider in watched:
            self._asked_last[tenant] = UUID(request.payment)
            try:
                await self._ask(provider, request)
            except ColonnadeError as error:
                self._ctx.log.warning(
                    "provider cannot be asked", payment_id=request.payment, error=error
                )

    async def _ask(self, provider: str, request: ProviderRequest) -> None:
        record = await self._providers.find(provider, request)
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
        await self._ctx.store.run(lambda session: apply_notice(session, provider, notice, share))


def _requests(session: Session, asked_last: UUID | None) -> Sequence[tuple[ProviderRequest, str]]:
    query = select(PaymentRow).where(PaymentRow.watch_until.is_not(None)).limit(AT_ONCE)
    # Those whose turn is next come first, then the round begins again.
    later = [] if asked_last is None else [(PaymentRow.id <= asked_last)]
    rows = session.scalars(query.order_by(*later, PaymentRow.id))
    return [(request, row.provider) for row in rows for request in _requests_about(row)]


def _requests_about(row: PaymentRow) -> list[ProviderRequest]:
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


def _stop_watching(session: Session) -> None:
    query = select(PaymentRow).where(PaymentRow.watch_until < session.now).limit(AT_ONCE)
    for row in session.scalars(query):
        row.watch_until = None


def _has_expired(session: Session) -> bool:
    query = select(PaymentRow.id).where(PaymentRow.watch_until < session.now).limit(1)
    return session.scalar(query) is not None
