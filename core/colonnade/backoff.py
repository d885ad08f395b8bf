"""Exponential back-off with jitter: how long to wait before trying again."""

from dataclasses import dataclass
from random import Random

_DOUBLINGS = 60
"""More than any cap lets through, and few enough for a float."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits in seconds: `first`, doubled from attempt to attempt, at most `cap`.

    The last part of each wait, a share of `jitter`, is drawn at random, so that what failed
    together does not come back together. An instance holds no state: the number of the attempt is
    the caller's, in memory or in a row.
    """

    first: float = 0.1
    cap: float = 30.0
    jitter: float = 0.5

    def after(self, attempt: int, random: Random) -> float:
        """Seconds to wait after attempt number `attempt`, counted from 1."""
        full = min(self.cap, self.first * 2.0 ** min(attempt - 1, _DOUBLINGS))
        return full * (1.0 - self.jitter * random.random())

    def durable(self, attempt: int, key: str) -> float:
        """The same for work that is kept in a row and whose id is `key`.

        Every process works out the same seconds, now and after a restart, so that a transition
        stays a pure function of its row.
        """
        return self.after(attempt, Random(f"{key}:{attempt}"))  # noqa: S311
