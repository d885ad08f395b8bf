"""The payment service: what its handlers, steps and reactions are made of."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from colonnade_payment.config import PaymentContext
from colonnade_payment.handlers.balances import Books
from colonnade_payment.handlers.coupons import Coupons
from colonnade_payment.handlers.payments import Orders
from colonnade_payment.handlers.payouts import Payouts
from colonnade_payment.handlers.refunds import Refunds
from colonnade_payment.handlers.webhooks import Webhooks
from colonnade_payment.providers.registry import Till
from colonnade_payment.purchase.saga import Purchases
from colonnade_payment.reactions import Departures, Teaching
from colonnade_payment.reconciliation.notices import Lateness
from colonnade_payment.reconciliation.provider_polling import Watch
from colonnade_payment.refund.saga import Refunding


@asynccontextmanager
async def payment_service(ctx: PaymentContext) -> AsyncIterator[Sequence[object]]:
    """The objects that handle operations, events and sagas; providers are closed at the end."""
    till = Till(ctx, ctx.extensions("payment_providers"))
    try:
        yield [
            Orders(ctx, till),
            Purchases(ctx, till),
            Refunds(ctx),
            Refunding(ctx, till),
            Lateness(till),
            Webhooks(ctx, till),
            Watch(ctx, till),
            Books(ctx),
            Payouts(ctx),
            Coupons(ctx),
            Teaching(),
            Departures(),
        ]
    finally:
        for provider in till.providers.values():
            await provider.close()
