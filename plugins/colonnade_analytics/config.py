"""Settings of the operator and of a tenant."""

from typing import Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from colonnade.quantities import Duration, Size
from colonnade.services import ServiceContext


class ClientEventsConfig(BaseModel):
    """Bounds of the client events of one person: what they may send, and what is kept of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_day: int = Field(
        20_000, ge=1, le=10_000_000, description="Events of one person in one UTC day."
    )
    bytes_per_day: Size = Field(
        Size.parse("4MiB"),
        description="Their names and properties, and 100 bytes for each event.",
    )
    bytes_kept: Size = Field(
        Size.parse("64MiB"),
        description="What is kept of one person; the oldest days go first.",
    )
    kept: Duration = Field(Duration.parse("400d"), description="How long events are kept.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not 0 < self.bytes_per_day <= self.bytes_kept:
            raise ValueError("bytes_kept must not be less than bytes_per_day, nor that nothing")
        if self.kept < 86_400:
            raise ValueError("kept must be 1d at least")
        return self


class AnalyticsConfig(BaseModel):
    """`services.analytics.config` in platform.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    client_events: ClientEventsConfig = Field(
        ClientEventsConfig(), description="Bounds of what the apps of people send."
    )


class TenantAnalyticsConfig(BaseModel):
    """`services.analytics.config` in a tenant's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    smallest_group: int = Field(
        5,
        ge=1,
        le=100,
        description="How many people a number must be about to be shown; 1 shows every number.",
    )


AnalyticsContext: TypeAlias = ServiceContext[AnalyticsConfig, TenantAnalyticsConfig]
"""Context of the service, typed by its settings."""
