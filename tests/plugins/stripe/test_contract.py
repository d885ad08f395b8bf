"""The contract of the Stripe plugin."""

from colonnade_runtime.testing import PluginContract
from colonnade_stripe import plugin as stripe_plugin


class TestStripe(PluginContract):
    """The rules that every plugin keeps."""

    plugin = stripe_plugin
    config = {  # noqa: RUF012
        "api_key": {"secret": "env:STRIPE_API_KEY"},
        "webhook_secret": {"secret": "env:STRIPE_WEBHOOK_SECRET"},
    }
