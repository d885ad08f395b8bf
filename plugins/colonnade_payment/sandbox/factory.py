"""Making the sandbox from configuration."""

from collections.abc import Sequence

from colonnade.services import ExtensionContext
from colonnade_payment.config import PaymentConfig
from colonnade_payment.sandbox.provider import NAME, SandboxProvider
from colonnade_payment.sandbox.webhook_sender import Destination


def sandbox_providers(ctx: ExtensionContext[PaymentConfig]) -> Sequence[SandboxProvider]:
    """Make the sandbox, unless this is production and it was not asked for by name."""
    config = ctx.config
    if ctx.production and config.provider != NAME:
        return []
    sandbox = config.sandbox
    reference = sandbox.webhook_secret
    destination = None
    if sandbox.webhook_url is not None:
        reverse = sandbox.webhook_order == "reversed"
        destination = Destination(sandbox.webhook_url, reverse, sandbox.webhook_copies)
    provider = SandboxProvider(
        ctx.root / sandbox.file,
        ctx.clock,
        slow=float(sandbox.slow),
        late=float(sandbox.late),
        tolerance=float(config.webhook_tolerance),
        secret=None if reference is None else lambda: ctx.secret(reference).reveal(),
        destination=destination,
        log=ctx.log,
    )
    return [provider]
