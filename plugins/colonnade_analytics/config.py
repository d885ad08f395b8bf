"""What a tenant may set."""

from pydantic import BaseModel, ConfigDict, Field


class TenantAnalyticsConfig(BaseModel):
    """`services.analytics.config` in a tenant's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    smallest_group: int = Field(
        5,
        ge=1,
        le=100,
        description="How many people a number must be about to be shown; 1 shows every number.",
    )
