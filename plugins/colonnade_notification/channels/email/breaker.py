"""Not asking a server that does not answer."""

from dataclasses import dataclass

from colonnade.clock import Clock


@dataclass(slots=True)
class Breaker:
    """Stops asking a server that does not answer, so that it holds up nobody else.

    After `tolerated` silences in a row, one try in `pause` seconds finds out whether it is back.
    """

    clock: Clock
    tolerated: int = 3
    pause: float = 30.0
    silences: int = 0
    open_until: float = 0.0

    def is_open(self) -> bool:
        """Whether nobody should ask now; the first to hear no asks for all."""
        now = self.clock.monotonic()
        if self.silences < self.tolerated:
            return False
        if now < self.open_until:
            return True
        self.open_until = now + self.pause
        return False

    def heard(self) -> None:
        """The server answered."""
        self.silences = 0

    def silent(self) -> None:
        """The server did not answer."""
        self.silences += 1
        if self.silences >= self.tolerated:
            self.open_until = self.clock.monotonic() + self.pause
