"""What the tenant in context has set."""

from colonnade.services import ServiceContext
from colonnade_analytics.config import TenantAnalyticsConfig


def smallest_group(ctx: ServiceContext) -> int:
    """How many people a number must be about to be shown."""
    config = ctx.tenant_config()
    assert isinstance(config, TenantAnalyticsConfig)
    return config.smallest_group
