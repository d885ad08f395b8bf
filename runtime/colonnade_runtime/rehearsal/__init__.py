"""What `run` would refuse, found without running: `colonnade check`."""

from colonnade_runtime.rehearsal.machine import machine_refusals, machine_warnings
from colonnade_runtime.rehearsal.start import Rehearsed, rehearse

__all__ = ["Rehearsed", "machine_refusals", "machine_warnings", "rehearse"]
