"""Configuration of the Stripe plugin."""

from pydantic import BaseModel, ConfigDict, Field

from colonnade.quantities import Duration
from colonnade.secrets import SecretReference


class StripeConfig(BaseModel):
    """`plugins.stripe.config` in platform.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretReference = Field(description="The secret key, such as `sk_live_…`.")
    webhook_secret: SecretReference = Field(
        description="Signs the webhooks of the endpoint, such as `whsec_…`."
    )
    api_base: str = Field(
        "https://api.stripe.com",
        pattern=r"^https?://[^\s/]+$",
        max_length=200,
        description="Where Stripe answers; another address is for tests.",
    )
    webhook_tolerance: Duration = Field(
        Duration.parse("5m"), description="How old a webhook may be."
    )
