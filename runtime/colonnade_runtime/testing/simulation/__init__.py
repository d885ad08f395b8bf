"""A platform in virtual time: processes, broker and crashes played from one seed.

Everything that the declaration names is real: plugins, SQLite files, relay, inbox, dispatcher,
sagas. Time, ids, threads and the bus are simulated, so one seed is one history: it runs again
exactly, and a thousand seeds are a thousand different orders of the same work.
"""

from colonnade_runtime.testing.simulation.chance import Chance, Faults
from colonnade_runtime.testing.simulation.invariants import (
    Violation,
    expect_kept,
    is_quiet,
    rows,
    tenant_files,
)
from colonnade_runtime.testing.simulation.policy import SharedPolicy
from colonnade_runtime.testing.simulation.process import SimulatedProcess
from colonnade_runtime.testing.simulation.world import Stuck, World

__all__ = [
    "Chance",
    "Faults",
    "SharedPolicy",
    "SimulatedProcess",
    "Stuck",
    "Violation",
    "World",
    "expect_kept",
    "is_quiet",
    "rows",
    "tenant_files",
]
