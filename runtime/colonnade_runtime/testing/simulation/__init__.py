"""A platform in virtual time: processes, broker and crashes played from one seed.

Everything that the declaration names is real: plugins, SQLite files, relay, inbox, dispatcher,
sagas. Time, ids, threads and the bus are simulated, so one seed is one history: it runs again
exactly, and a thousand seeds are a thousand different orders of the same work.
"""

from colonnade_runtime.testing.simulation.fault_injection import FaultInjection, FaultRates
from colonnade_runtime.testing.simulation.invariants import (
    Consumers,
    Violation,
    consumers_of,
    expect_effects,
    expect_kept,
    is_quiet,
    is_worked_off,
    rows,
    tenant_files,
)
from colonnade_runtime.testing.simulation.policy import SharedPolicy
from colonnade_runtime.testing.simulation.process import SimulatedProcess
from colonnade_runtime.testing.simulation.world import Stuck, World

__all__ = [
    "Consumers",
    "FaultInjection",
    "FaultRates",
    "SharedPolicy",
    "SimulatedProcess",
    "Stuck",
    "Violation",
    "World",
    "consumers_of",
    "expect_effects",
    "expect_kept",
    "is_quiet",
    "is_worked_off",
    "rows",
    "tenant_files",
]
