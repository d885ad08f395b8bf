"""The sandbox as configuration wants it."""

from collections.abc import Sequence

from colonnade.secrets import resolve, standard_resolvers
from colonnade.services import ServiceContext
from colonnade_payment.config import PaymentConfig
from colonnade_payment.sandbox.provider import NAME, SandboxProvider


def sandbox_providers(ctx: ServiceContext) -> Sequence[SandboxProvider]:
    """The sandbox, unless this is production and it was not asked for by name.

    Raises:
        SecretUnavailable: its configured secret cannot be had.
    """
    config = ctx.config
    assert isinstance(config, PaymentConfig)
    if ctx.production and config.provider != NAME:
        return []
    sandbox = config.sandbox
    secret = None
    if sandbox.webhook_secret is not None:
        secret = resolve(sandbox.webhook_secret, standard_resolvers()).reveal()
    provider = SandboxProvider(
        ctx.root / sandbox.file,
        ctx.clock,
        slow=float(sandbox.slow),
        late=float(sandbox.late),
        tolerance=float(config.webhook_tolerance),
        secret=secret,
    )
    return [provider]
