"""Configuration of the payment service, for operators and for tenants."""

from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from colonnade.placeholders import check_placeholders
from colonnade.quantities import Duration
from colonnade.secrets import SecretReference
from colonnade.services import ServiceContext


def _webhook_url(text: str) -> str:
    return check_placeholders(text, "tenant")


class SandboxConfig(BaseModel):
    """The payment provider for trying things out: no money moves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Path = Field(
        Path("var/sandbox-provider.sqlite3"),
        description="What the sandbox remembers; relative to platform.yaml.",
    )
    slow: Duration = Field(
        Duration.parse("1s"), description="How long `tok_slow` takes to be answered."
    )
    late: Duration = Field(
        Duration.parse("1m"), description="How much later `tok_late` is captured after all."
    )
    webhook_secret: SecretReference | None = Field(
        None, description="Signs webhooks; made up and remembered in the file when not given."
    )
    webhook_url: (
        Annotated[
            str, Field(max_length=2048, pattern=r"^https?://\S+$"), AfterValidator(_webhook_url)
        ]
        | None
    ) = Field(
        None,
        description="Where webhooks are sent; `{tenant}` in it becomes the tenant's id.",
    )
    webhook_order: Literal["in_order", "reversed"] = Field(
        "in_order", description="In which order webhooks that wait together are sent."
    )
    webhook_copies: int = Field(1, ge=1, le=5, description="How often each webhook is sent.")


class PaymentConfig(BaseModel):
    """`services.payment.config` in platform.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str | None = Field(
        None,
        pattern=r"^[a-z][a-z0-9-]*$",
        max_length=40,
        description="Who takes the money; `sandbox` when not given, and not in production.",
    )
    answer_within: Duration = Field(
        Duration.parse("3s"),
        description="How long a provider may take to answer, 100ms to 12s; then it is asked "
        "what became of the request.",
    )
    webhook_tolerance: Duration = Field(
        Duration.parse("5m"), description="How old a webhook may be, or how far ahead."
    )
    sandbox: SandboxConfig = Field(
        default_factory=SandboxConfig, description="How the sandbox behaves."
    )

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if not 0.1 <= self.answer_within <= 12:
            raise ValueError("answer_within must be between 100ms and 12s")
        return self


class TenantPaymentConfig(BaseModel):
    """`services.payment.config` in a tenant's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str | None = Field(
        None,
        pattern=r"^[a-z][a-z0-9-]*$",
        max_length=40,
        description="Who takes this academy's money, when not the platform's provider.",
    )
    instructor_share: int = Field(
        70,
        ge=0,
        le=100,
        description="Percent of a payment that the course's instructors share equally.",
    )
    payout_hold: Duration = Field(
        Duration.parse("14d"), description="How long a share waits until it can be paid out."
    )
    payout_minimum: int = Field(
        1000, ge=1, description="The smallest payout, in minor units of the currency."
    )


PaymentContext: TypeAlias = ServiceContext[PaymentConfig, TenantPaymentConfig]
"""What the service is given to work with."""
