"""Allowances: free attempts and waits, as `services.user.config.throttle` declares them."""

import math
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from colonnade.quantities import Duration

MAXIMUM_DOUBLINGS = 32
"""Attempts beyond the free ones that can make a wait longer; it is far from the longest by then."""


class Allowance(BaseModel):
    """Number of free attempts, and growth of the wait beyond them.

    Attempts drain away evenly, all that are free within `window`. Each beyond them doubles the
    wait, from `first_wait` to `longest_wait`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    free: int = Field(ge=1, le=1_000_000, description="Attempts that cause no wait.")
    window: Duration = Field(description="How long it takes until that many are forgotten.")
    first_wait: Duration = Field(description="The wait after the first attempt beyond them.")
    longest_wait: Duration = Field(description="The wait that it doubles up to; 24h at most.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 1 <= self.first_wait <= self.longest_wait <= 86_400:
            raise ValueError("first_wait is 1s at least, and longest_wait no shorter, 24h at most")
        if not 1 <= self.window <= 7 * 86_400:
            raise ValueError("window must be between 1s and 7d")
        return self

    def drained(self, level: float, seconds: float) -> float:
        """Attempts left of `level` after `seconds`."""
        return max(0.0, level - max(0.0, seconds) * self.free / self.window)

    def raised(self, level: float) -> float:
        """Level after one more attempt, capped at those that still lengthen the wait: a client
        that stops is forgotten in bounded time."""
        doublings = min(MAXIMUM_DOUBLINGS, math.log2(self.longest_wait / self.first_wait))
        return min(level + 1, self.free + 1 + math.ceil(doublings))

    def wait(self, level: float) -> float:
        """Seconds between the attempt that made it `level` and the next."""
        beyond = math.ceil(level - self.free)
        if beyond <= 0:
            return 0.0
        return min(float(self.longest_wait), self.first_wait * 2.0 ** (beyond - 1))

    def empty_after(self, level: float) -> float:
        """Seconds after which nothing is left of `level` attempts and no wait is due."""
        return max(level * self.window / self.free, self.wait(level))


def _allowance(free: int, window: str, first_wait: str, longest_wait: str) -> Allowance:
    return Allowance(
        free=free,
        window=Duration.parse(window),
        first_wait=Duration.parse(first_wait),
        longest_wait=Duration.parse(longest_wait),
    )


class ThrottleConfig(BaseModel):
    """Allowance for each kind of attempt. A class of thirty behind one address stays far below
    every number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account_and_network: Allowance = Field(
        _allowance(5, "1h", "30s", "15m"),
        description="Wrong passwords for one address from one network.",
    )
    device: Allowance = Field(
        _allowance(5, "1h", "30s", "15m"),
        description="Wrong passwords for one address from a device that signed in to it before.",
    )
    network: Allowance = Field(
        _allowance(200, "1h", "1s", "1m"),
        description="Wrong passwords from one network, whatever the address.",
    )
    account: Allowance = Field(
        _allowance(50, "1h", "1s", "30s"),
        description="Wrong passwords for one address from networks where its owner never signed "
        "in, all together.",
    )
    password_change: Allowance = Field(
        _allowance(5, "1h", "30s", "15m"),
        description="Wrong current passwords in one session.",
    )
    tokens: Allowance = Field(
        _allowance(200, "1h", "1s", "1m"),
        description="Refresh tokens, and tokens of links, from one network that are none.",
    )
    registrations: Allowance = Field(
        _allowance(300, "1h", "10s", "10m"), description="Registrations from one network."
    )
    mail_per_address: Allowance = Field(
        _allowance(3, "1h", "5m", "1h"), description="Messages that strangers have sent to one."
    )
    mail_per_network: Allowance = Field(
        _allowance(50, "1h", "10s", "10m"),
        description="Messages that one network has sent to whomever.",
    )
    maximum_rows: int = Field(
        20_000,
        ge=100,
        le=10_000_000,
        description="Counters that an academy keeps; those that are nearly forgotten make room.",
    )
