"""Webhooks: what payment providers send."""

from colonnade.errors import NotFound
from colonnade.messages import Empty
from colonnade.operations import Call, handles
from colonnade.store import Session
from colonnade_payment.api import ProviderNotice, ReceiveWebhook
from colonnade_payment.config import PaymentContext
from colonnade_payment.models import NoticeRow
from colonnade_payment.providers.registry import Till
from colonnade_payment.reconciliation.notices import UNKNOWN_PAYMENT, apply


class Webhooks:
    """Handles what providers send, once per event of theirs."""

    def __init__(self, ctx: PaymentContext, till: Till) -> None:
        self._ctx = ctx
        self._till = till

    @handles(ReceiveWebhook)
    async def receive(self, request: ReceiveWebhook, call: Call) -> Empty:
        """Verify, and take each event in a transaction with the note that it was taken."""
        provider = self._till.providers.get(request.provider)
        if provider is None:
            raise NotFound("No payment provider of this name is enabled here.")
        body = request.body.encode()
        now = self._ctx.clock.now()
        for notice in provider.notices(request.headers, body, now):
            await self._take(request.provider, notice)
        return Empty()

    async def _take(self, provider: str, notice: ProviderNotice) -> None:
        share = self._ctx.tenant_config().instructor_share

        def work(session: Session) -> str:
            known = session.get(NoticeRow, (provider, notice.id))
            if known is not None:
                return "repeated"
            effect = apply(session, provider, notice, share)
            # Another application's payments are many, and none of them is remembered.
            if effect != UNKNOWN_PAYMENT:
                row = NoticeRow(
                    provider=provider, id=notice.id, effect=effect, received_at=session.now
                )
                session.add(row)
            return effect

        effect = await self._ctx.store.run(work)
        # What the books cannot take needs a person to look at it.
        say = self._ctx.log.warning if effect.startswith("impossible") else self._ctx.log.info
        say("webhook", provider=provider, notice=notice.id, effect=effect)
