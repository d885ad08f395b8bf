"""Circuit breaker for a mail server that does not answer."""

from dataclasses import dataclass

from colonnade.clock import Clock


@dataclass(slots=True)
class Breaker:
    """Opens when a server stops answering, so that other messages do not wait for it.

    After `tolerated` failures in a row, one try in `pause` seconds finds out whether it is back.
    """

    clock: Clock
    tolerated: int = 3
    pause: float = 30.0
    failures: int = 0
    open_until: float = 0.0

    def is_open(self) -> bool:
        """True while the server is not to be asked. The first caller after a pause gets False,
        and asks for all."""
        now = self.clock.monotonic()
        if self.failures < self.tolerated:
            return False
        if now < self.open_until:
            return True
        self.open_until = now + self.pause
        return False

    def record_success(self) -> None:
        """Count an answer, whatever it said."""
        self.failures = 0

    def record_failure(self) -> None:
        """Count a try without an answer."""
        self.failures += 1
        if self.failures >= self.tolerated:
            self.open_until = self.clock.monotonic() + self.pause
