"""Stripe as a payment provider: enable it under `plugins:`, and name it as the provider."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from colonnade.hookspecs import hookimpl
from colonnade.services import ExtensionContext, PluginInfo

if TYPE_CHECKING:
    from colonnade_stripe.config import StripeConfig


@hookimpl
def plugin_info() -> PluginInfo:
    """Name, version and description of the plugin."""
    return PluginInfo(
        name="stripe",
        version="0.2.0",
        implements=("payment",),
        description="Stripe as a payment provider.",
    )


@hookimpl
def config_model() -> type[BaseModel]:
    """Configuration model of `plugins.stripe.config` in platform.yaml."""
    from colonnade_stripe.config import StripeConfig

    return StripeConfig


@hookimpl
def payment_providers(ctx: "ExtensionContext[StripeConfig]") -> Sequence[Any]:
    """Make the provider `stripe`."""
    from colonnade_stripe.provider import StripeProvider

    return [StripeProvider(ctx)]
