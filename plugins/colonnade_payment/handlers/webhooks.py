"""Handler of the webhooks that payment providers send."""

from colonnade.errors import NotFound
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.store import Session
from colonnade_payment.api import ProviderNotice, ReceiveWebhook
from colonnade_payment.config import PaymentContext
from colonnade_payment.models import NoticeRow
from colonnade_payment.providers.registry import Providers
from colonnade_payment.reconciliation.notices import NoticeEffect, apply_notice


class WebhookHandlers:
    """Webhooks of providers, applied once per event of theirs."""

    def __init__(self, ctx: PaymentContext, providers: Providers) -> None:
        self._ctx = ctx
        self._providers = providers

    @handles(ReceiveWebhook)
    async def receive_webhook(self, request: ReceiveWebhook, call: Call) -> Empty:
        """Verify, and apply each event in the transaction that records its id."""
        provider = self._providers.by_name.get(request.provider)
        if provider is None:
            raise NotFound("No payment provider of this name is enabled here.")
        body = request.body.encode()
        now = self._ctx.clock.now()
        for notice in provider.notices(request.headers, body, now):
            await self._apply(request.provider, notice)
        return Empty()

    async def _apply(self, provider: str, notice: ProviderNotice) -> None:
        share = self._ctx.tenant_config().instructor_share

        def work(session: Session) -> NoticeEffect:
            known = session.get(NoticeRow, (provider, notice.id))
            if known is not None:
                return NoticeEffect.REPEATED
            effect = apply_notice(session, provider, notice, share)
            # Another application's payments are many, and none of them is remembered.
            if effect is not NoticeEffect.UNKNOWN_PAYMENT:
                row = NoticeRow(
                    provider=provider, id=notice.id, effect=effect, received_at=session.now
                )
                session.add(row)
            return effect

        effect = await self._ctx.store.run(work)
        log = self._ctx.log.warning if effect.needs_attention else self._ctx.log.info
        log("webhook", provider=provider, notice=notice.id, effect=str(effect))
