"""Identity of a running process: name, services, health, digest of its declaration."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from colonnade_runtime.edge.health.endpoints import Health


@dataclass(frozen=True, slots=True)
class Identity:
    """A process that runs: its name, what it runs, and how it is.

    `declaration` and `policies` answer short digests of what it has taken up.
    """

    name: str
    services: tuple[str, ...]
    health: Health
    declaration: Callable[[], str]
    policies: Callable[[], str]
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
