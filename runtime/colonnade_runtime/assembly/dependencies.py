"""Dependencies of a process on the world: time, chance, adapters, background work, workers."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from colonnade.clock import Clock, SystemClock
from colonnade_runtime.assembly.adapters import Adapters
from colonnade_runtime.assembly.background import ProcessBackground
from colonnade_runtime.background.background_work import BackgroundSettings
from colonnade_runtime.edge.http.application import EdgeApplication
from colonnade_runtime.workers.pool import WorkerPool, Workers


@dataclass(frozen=True, slots=True)
class ProcessDependencies:
    """The machine, unless somebody else plays it: a simulation owns all of this.

    `epoch` is the time of `clock` in seconds since the Unix epoch, for what is asked at every call.
    `random` makes the source of chance of one service; nothing secret is made of it. `adapters`
    makes what turns declared URLs into buses, stores and engines; `background` what runs beside;
    `workers` where work that can be ended is done; `background_settings` how each service's
    background work waits and retries; `edge` makes what answers HTTP.
    """

    clock: Clock = field(default_factory=SystemClock)
    epoch: Callable[[], float] = time.time
    random: Callable[[], Random] = Random
    adapters: Callable[..., Adapters] = Adapters
    background: Callable[[], ProcessBackground] = ProcessBackground
    workers: Callable[[int, int, int], Workers] = WorkerPool
    background_settings: BackgroundSettings = field(default_factory=BackgroundSettings)
    edge: Callable[..., EdgeApplication] = EdgeApplication
