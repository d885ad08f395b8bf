"""Fault injection: what goes wrong, and how often, is drawn from one seed."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class FaultRates:
    """Probabilities between 0 and 1, unless a unit is given.

    `hop` is how many seconds a thread or a message takes on average; `slow` of them take up to
    `slowest` seconds. A call over the bus is `refused` (nothing happened), its request or its reply
    is `lost`. An event's publication is `unaccepted`, or accepted `unnoticed`; then it is published
    once more, and is `forgotten` by the broker's memory of duplicates or not. A delivery is
    `dropped`, its acknowledgement lost (`unacknowledged`), or it comes `again` much later. At each
    crash point a process dies with `crash`.
    """

    hop: float = 0.001
    slow: float = 0.01
    slowest: float = 2.0
    refused: float = 0.01
    lost: float = 0.01
    unaccepted: float = 0.02
    unnoticed: float = 0.03
    forgotten: float = 0.5
    dropped: float = 0.03
    unacknowledged: float = 0.03
    again: float = 0.03
    crash: float = 0.004


CALM = FaultRates(
    slow=0.0,
    refused=0.0,
    lost=0.0,
    unaccepted=0.0,
    unnoticed=0.0,
    dropped=0.0,
    unacknowledged=0.0,
    again=0.0,
    crash=0.0,
)
"""Nothing goes wrong; things still take their time."""


class FaultInjection:
    """Draws from one seed; what `faults` says may change on the way."""

    def __init__(self, seed: int, faults: FaultRates) -> None:
        self.random = Random(seed)  # noqa: S311
        self.faults = faults

    def happens(self, probability: float) -> bool:
        """Draw whether something of this probability happens now."""
        # Always drawn, so that one fault less does not change every draw after it.
        return self.random.random() < probability

    def hop(self) -> float:
        """Seconds that a message or a thread takes now."""
        if self.happens(self.faults.slow):
            return self.random.uniform(0.0, self.faults.slowest)
        return self.random.expovariate(1.0) * self.faults.hop
