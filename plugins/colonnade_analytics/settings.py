"""What the operator, and the tenant in context, have set."""

from colonnade.services import ServiceContext
from colonnade_analytics.config import AnalyticsConfig, ClientEventsConfig, TenantAnalyticsConfig


def smallest_group(ctx: ServiceContext) -> int:
    """How many people a number must be about to be shown."""
    config = ctx.tenant_config()
    assert isinstance(config, TenantAnalyticsConfig)
    return config.smallest_group


def client_events_config(ctx: ServiceContext) -> ClientEventsConfig:
    """How much clients may send, and what is kept of it."""
    assert isinstance(ctx.config, AnalyticsConfig)
    return ctx.config.client_events
