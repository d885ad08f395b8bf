"""One process that is watched over, from its first start to the last."""

import asyncio
from dataclasses import dataclass, field

from colonnade_runtime.declaration.model.placement import Placement
from colonnade_runtime.serve.forking.forked_process import ChildProcess
from colonnade_runtime.serve.heartbeat import BEAT_SECONDS, HeartbeatMonitor

QUIET_SECONDS = 3 * BEAT_SECONDS
"""Silence after which nobody counts on a process, though it may only be busy."""


@dataclass(slots=True)
class Child:
    """One place and the process that is there now, if any."""

    place: Placement
    process: ChildProcess | None = None
    starts: int = 0
    failures: int = 0
    renewed: bool = False
    """True when its next end is wanted, and no failure."""
    ready: bool = False
    """The process has said that it is ready; it may have ended since."""
    heartbeat: HeartbeatMonitor | None = None
    stopping: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    """Ends the wait before the next start."""

    @property
    def name(self) -> str:
        """The name of its place."""
        return self.place.name

    @property
    def runs(self) -> bool:
        """True while its process has not ended."""
        return self.process is not None and self.process.returncode is None

    @property
    def answers(self) -> bool:
        """True while a process that was ready sends heartbeats."""
        if not self.runs or not self.ready:
            return False
        return self.heartbeat is None or self.heartbeat.silent() <= QUIET_SECONDS
