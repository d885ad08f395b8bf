"""The clock of a bench: the machine's, until a test sets it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class BenchClock:
    """A `colonnade.clock.Clock` that a test moves.

    `moved` is told after each move, so that what has become due is looked for at once. Schedules
    do not come by it: `ServiceBench.run_schedule` runs one.
    """

    def __init__(self, moved: Callable[[], None] = lambda: None) -> None:
        self._moved = moved
        self._ahead = timedelta()
        self._standing: datetime | None = None

    @property
    def stands(self) -> bool:
        """True while it stands still where it was set."""
        return self._standing is not None

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        standing = self._standing
        return datetime.now(UTC) + self._ahead if standing is None else standing

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; moves of the clock do not change it."""
        return time.monotonic()

    def epoch(self) -> float:
        """The time of day in seconds since the Unix epoch."""
        return self.now().timestamp()

    def set(self, moment: datetime) -> None:
        """Stand still at `moment`.

        Raises:
            ValueError: when it has no zone.
        """
        if moment.tzinfo is None:
            raise ValueError("The moment has no zone; give an aware datetime.")
        self._standing = moment.astimezone(UTC)
        self._moved()

    def advance(self, **by: float) -> None:
        """Move forward by so many `days`, `hours`, `minutes` or `seconds`, as `timedelta` takes
        them. A clock that runs goes on running, one that stands stands there."""
        if self._standing is None:
            self._ahead += timedelta(**by)
        else:
            self._standing += timedelta(**by)
        self._moved()

    def run(self) -> None:
        """Go with the machine's clock again."""
        self._standing, self._ahead = None, timedelta()
        self._moved()
