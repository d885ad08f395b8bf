"""The processes that host services, as the gateway sees them: how busy, and whether they answer."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from colonnade_runtime.declaration.model.placement import Placement
from colonnade_runtime.resilience.breaker import Breaker


@dataclass(slots=True, eq=False)
class Upstream:
    """One process; `outstanding` requests are on their way to it.

    `ready` is what it said of itself last; it is believed to be until it says no. `answers` says
    whether it said that it is ready when it was asked last, `silent` whether it said nothing then.
    """

    place: Placement
    outstanding: int = 0
    chosen: int = 0
    ready: bool = True
    answers: bool = False
    silent: bool = False
    breaker: Breaker = field(default_factory=lambda: Breaker(failures=2, first=0.1, cap=2.0))


class Upstreams:
    """Chooses the least busy process that hosts a service, of those that answer."""

    def __init__(self, places: Sequence[Placement]) -> None:
        self.all: list[Upstream] = []
        self._of: dict[str, list[Upstream]] = {}
        self._count = itertools.count(1)
        self.update(places)

    def update(self, places: Sequence[Placement]) -> None:
        """Replace the list of processes; the state of those that stay is kept."""
        known = {(each.place.name, each.place.url): each for each in self.all}
        self.all = [known.get((place.name, place.url)) or Upstream(place) for place in places]
        self._of = {}
        for upstream in self.all:
            for service in upstream.place.services:
                self._of.setdefault(service, []).append(upstream)

    @property
    def services(self) -> set[str]:
        """Every service that some process hosts."""
        return set(self._of)

    def choose(self, service: str, tried: "set[Upstream]") -> Upstream | None:
        """The best process for `service` that was not tried yet; nothing when none is left."""
        hosts = [each for each in self._of.get(service, ()) if each.ready and each not in tried]
        if len(hosts) > 1:
            # Of those that are equally busy, the one that was not asked for longest.
            hosts.sort(key=lambda each: (_last(each), each.outstanding, each.chosen))
        for upstream in hosts:
            if upstream.breaker.may_try():
                upstream.chosen = next(self._count)
                return upstream
        return None


def _last(upstream: Upstream) -> bool:
    """True when it is tried only after all others.

    One whose circuit is half open is tried in its turn, unless it was silent when it was asked
    after its health: the request would wait for nothing.
    """
    breaker = upstream.breaker
    return breaker.open and (upstream.silent or breaker.resting)
