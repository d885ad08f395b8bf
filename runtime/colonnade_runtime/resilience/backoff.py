"""How long to wait before trying again."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff in seconds: `first`, doubled each time, at most `cap`.

    The wait is drawn from the upper half of that, so that what failed together does not come
    back together.
    """

    first: float = 0.1
    cap: float = 30.0

    def after(self, attempt: int, random: Random) -> float:
        """Seconds to wait after attempt number `attempt`, counted from 1."""
        full = min(self.cap, self.first * 2.0 ** min(attempt - 1, 60))
        return full * (0.5 + random.random() / 2)
