"""Virtual time and the ids that follow it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from colonnade.identifiers import uuid7
from colonnade_runtime.testing.simulation.fault_injection import FaultInjection
from colonnade_runtime.testing.simulation.timeline import Timeline

BEGINNING = datetime(2030, 1, 7, 9, 0, tzinfo=UTC)
"""When a simulation begins, unless it goes on from another: a Monday morning."""


class SimulatedClock:
    """A `colonnade.clock.Clock` on a timeline."""

    def __init__(self, timeline: Timeline, beginning: datetime = BEGINNING) -> None:
        self._timeline = timeline
        self._beginning = beginning
        self._epoch = beginning.timestamp()

    def now(self) -> datetime:
        """The time of day, aware, in UTC."""
        return self._beginning + timedelta(seconds=self._timeline.now)

    def monotonic(self) -> float:
        """Seconds since the beginning."""
        return self._timeline.now

    def epoch(self) -> float:
        """The time of day in seconds since the Unix epoch."""
        return self._epoch + self._timeline.now


class SimulatedIdentifiers:
    """UUIDv7s by the simulated clock, ascending."""

    def __init__(self, clock: SimulatedClock, chance: FaultInjection) -> None:
        self._clock = clock
        self._chance = chance
        self._last = 0
        self._counter = 0

    def make(self) -> UUID:
        """The next id."""
        millisecond = int(self._clock.epoch() * 1000)
        if millisecond > self._last:
            self._last, self._counter = millisecond, 0
        else:
            self._counter += 1
            if self._counter > 0xFFF:
                self._last, self._counter = self._last + 1, 0
        return uuid7(self._last, self._counter, self._chance.random.getrandbits(62))
