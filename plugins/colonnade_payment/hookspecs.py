"""The hook that the payment service owns."""

from collections.abc import Sequence

from colonnade.hookspecs import hookspec
from colonnade.services import ExtensionContext
from colonnade_payment.api import PaymentProvider


@hookspec
def payment_providers(ctx: ExtensionContext) -> Sequence[PaymentProvider]:  # type: ignore[empty-body]
    """Providers of payments, made once per process; `ctx` is the plugin's own."""
