"""The processes that host services, as the front sees them: how busy, and whether they answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from colonnade_runtime.breaker import Breaker
from colonnade_runtime.declaration.places import Place


@dataclass(slots=True, eq=False)
class Upstream:
    """One process; `outstanding` requests are on their way to it."""

    place: Place
    outstanding: int = 0
    breaker: Breaker = field(default_factory=lambda: Breaker(failures=2, first=0.1, cap=2.0))


class Upstreams:
    """Chooses the least busy process that hosts a service, of those that answer."""

    def __init__(self, places: Sequence[Place]) -> None:
        self.all = [Upstream(place) for place in places]
        self._of: dict[str, list[Upstream]] = {}
        for upstream in self.all:
            for service in upstream.place.services:
                self._of.setdefault(service, []).append(upstream)

    @property
    def services(self) -> set[str]:
        """Every service that a process is declared to host."""
        return set(self._of)

    def choose(self, service: str, tried: "set[Upstream]") -> Upstream | None:
        """The best process for `service` that was not tried yet; nothing when none is left."""
        hosts = (each for each in self._of.get(service, ()) if each not in tried)
        for upstream in sorted(hosts, key=lambda each: (each.breaker.open, each.outstanding)):
            if upstream.breaker.may_try():
                return upstream
        return None
