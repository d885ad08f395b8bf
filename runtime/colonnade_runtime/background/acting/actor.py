"""The context in which a service works on its own: reactions, sagas, schedules, the relay."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from colonnade.clock import Clock, SystemClock
from colonnade.context import Context, Principal
from colonnade.identifiers import new_id

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})\Z")


@dataclass(frozen=True, slots=True)
class Actor:
    """A service that acts for itself: where its time, ids and chance come from.

    Chance spreads retries and names spans; nothing that must be secret is made of it.
    """

    service: str
    clock: Clock = field(default_factory=SystemClock)
    new_id: Callable[[], UUID] = new_id
    random: Random = field(default_factory=Random)

    def context(
        self,
        tenant: str,
        *,
        seconds: float,
        cause: str = "",
        traceparent: str = "",
        locale: str = "en",
        on_behalf_of: str | None = None,
    ) -> Context:
        """A context for `tenant` that ends in `seconds`; `cause` becomes its request id."""
        return Context(
            tenant=tenant,
            principal=Principal.service(self.service, on_behalf_of=on_behalf_of),
            deadline=self.clock.now().timestamp() + seconds,
            request_id=cause or str(self.new_id()),
            traceparent=self.child_of(traceparent),
            locale=locale,
        )

    def child_of(self, traceparent: str) -> str:
        """A `traceparent` in the same trace with a span of its own (W3C Trace Context §3.2);
        a new trace when there is none to follow."""
        span = f"{self.random.getrandbits(64) or 1:016x}"
        found = _TRACEPARENT.match(traceparent)
        if found is None:
            return f"00-{self.random.getrandbits(128) or 1:032x}-{span}-00"
        return f"00-{found[1]}-{span}-{found[3]}"
