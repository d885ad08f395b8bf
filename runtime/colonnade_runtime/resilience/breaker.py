"""A circuit breaker: after some failures in a row, a server that is down is left alone a while."""

from random import SystemRandom

from colonnade.backoff import Backoff
from colonnade.clock import Clock, SystemClock


class Breaker:
    """Counts failures of one server; open means: do not ask.

    It opens after `failures` in a row, for `first` seconds, doubled each time up to `cap`, a tenth
    of each at random, so that not all processes try at once. When
    that has passed one call may try; its success closes the breaker, its failure opens it again.
    Used from one event loop.
    """

    def __init__(
        self,
        *,
        failures: int = 3,
        first: float = 0.5,
        cap: float = 15.0,
        clock: Clock | None = None,
    ) -> None:
        self._limit = failures
        self._backoff = Backoff(first, cap, jitter=0.1)
        self._random = SystemRandom()
        self._clock = clock or SystemClock()
        self._failures = 0
        self._not_before = 0.0
        self._trying = False

    @property
    def open(self) -> bool:
        """Tell whether the server is being left alone."""
        return self._failures >= self._limit

    @property
    def resting(self) -> bool:
        """Tell whether the pause of an open breaker lasts; half-open ones may be tried again."""
        return self.open and self._clock.monotonic() < self._not_before

    def may_try(self) -> bool:
        """Tell whether to ask now; one caller at a time may while the server is in doubt."""
        if not self.open:
            return True
        now = self._clock.monotonic()
        if now < self._not_before:
            return False
        self._not_before = now + self._pause()
        self._trying = True
        return True

    def succeeded(self) -> None:
        """The server answered."""
        self._failures = 0
        self._trying = False

    def failed(self) -> bool:
        """The server did not answer; whether this opened the breaker."""
        if self.open and not self._trying:
            # One of many that were on their way when it opened: no news.
            return False
        self._trying = False
        self._failures += 1
        self._not_before = self._clock.monotonic() + self._pause()
        return self._failures == self._limit

    def _pause(self) -> float:
        return self._backoff.after(max(1, self._failures - self._limit + 1), self._random)
