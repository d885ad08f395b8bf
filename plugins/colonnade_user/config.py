"""Configuration of the user service: by the operator and by a tenant."""

from typing import Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from colonnade.quantities import Duration
from colonnade.services import ServiceContext
from colonnade_user.throttling.allowances import ThrottleConfig


class RegistrationConfig(BaseModel):
    """`registration`: confirmation of addresses when visitors register."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    confirm: bool | None = Field(
        None,
        description="Whether an account is opened when the address is confirmed by mail, which "
        "tells nobody who has one; true in production and false in development unless it is said.",
    )


class UserConfig(BaseModel):
    """`services.user.config` in platform.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    access_token_lifetime: Duration = Field(
        Duration.parse("15m"), description="How long an access token is valid, 1m to 1h."
    )
    session_idle_lifetime: Duration = Field(
        Duration.parse("30d"), description="How long an unused session can still be refreshed."
    )
    session_lifetime: Duration = Field(
        Duration.parse("90d"), description="How long a session lasts, however much it is used."
    )
    refresh_repetition: Duration = Field(
        Duration.parse("10s"),
        description="How long a client may trade its last refresh token once more and get the same "
        "answer, 0s to 60s. Later, a second use ends the session.",
    )
    outage_grace: Duration = Field(
        Duration.parse("5m"),
        description="How long a session that was seen live is believed while the user service "
        "cannot be asked, 0s to 1h. A logout meanwhile counts when this is over.",
    )
    registration: RegistrationConfig = Field(
        RegistrationConfig(), description="How strangers register."
    )

    throttle: ThrottleConfig = Field(
        ThrottleConfig(), description="How often may be tried what strangers can try."
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 60 <= self.access_token_lifetime <= 3600:
            raise ValueError("access_token_lifetime must be between 1m and 1h")
        if not 0 <= self.refresh_repetition <= 60:
            raise ValueError("refresh_repetition must be between 0s and 60s")
        if not 0 <= self.outage_grace <= 3600:
            raise ValueError("outage_grace must be between 0s and 1h")
        if not self.access_token_lifetime <= self.session_idle_lifetime <= self.session_lifetime:
            raise ValueError(
                "lifetimes must not decrease from access_token_lifetime over "
                "session_idle_lifetime to session_lifetime"
            )
        return self


class TenantUserConfig(BaseModel):
    """`services.user.config` in a tenant's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    registration: Literal["open", "closed"] = Field(
        "open", description="Whether visitors may register themselves, or only admins add people."
    )


UserContext: TypeAlias = ServiceContext[UserConfig, TenantUserConfig]
"""What the service is given to work with."""
