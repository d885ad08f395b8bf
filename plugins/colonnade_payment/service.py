"""The payment service: its handlers, saga steps, schedules and reactions."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from colonnade_payment.config import PaymentContext
from colonnade_payment.handlers.balances import BalanceHandlers
from colonnade_payment.handlers.coupons import CouponHandlers
from colonnade_payment.handlers.payments import PaymentHandlers
from colonnade_payment.handlers.payouts import PayoutHandlers
from colonnade_payment.handlers.refunds import RefundHandlers
from colonnade_payment.handlers.webhooks import WebhookHandlers
from colonnade_payment.providers.registry import Providers
from colonnade_payment.purchase.steps import PurchaseSteps
from colonnade_payment.reactions import AccountReactions, InstructorProjection
from colonnade_payment.reconciliation.abandoned_payments import AbandonedPayments
from colonnade_payment.reconciliation.late_authorizations import LateAuthorizationSteps
from colonnade_payment.reconciliation.provider_polling import ProviderPolling
from colonnade_payment.refund.steps import RefundSteps


@asynccontextmanager
async def create_service(ctx: PaymentContext) -> AsyncIterator[Sequence[object]]:
    """Make the objects that the runtime calls; the providers are closed at the end."""
    providers = Providers(ctx, ctx.extensions("payment_providers"))
    try:
        yield [
            PaymentHandlers(ctx, providers),
            PurchaseSteps(ctx, providers),
            RefundHandlers(ctx),
            RefundSteps(ctx, providers),
            LateAuthorizationSteps(providers),
            WebhookHandlers(ctx, providers),
            ProviderPolling(ctx, providers),
            AbandonedPayments(ctx),
            BalanceHandlers(ctx),
            PayoutHandlers(ctx),
            CouponHandlers(ctx),
            InstructorProjection(),
            AccountReactions(),
        ]
    finally:
        for provider in providers.by_name.values():
            await provider.close()
