"""What holds for every test."""

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent
TAKEN_FIRST = (
    "journeys/operating/test_split.py",
    "faults/test_crash_matrix.py",
    "simulation",
    "wheel",
    "faults",
    "journeys",
    "runtime/serve",
    "runtime/cli",
    "contract",
    "runtime/adapters/bus",
    "plugins",
)
"""Files and folders in the order in which workers take them, with what takes longest in front.

A worker has whole files (`--dist loadfile`), since fixtures of modules and of the session are what
tests share. So a long file must not come last: the other workers would wait for it.
"""

# Clients that could speak TLS read all authorities of the world when they are made: fifty
# milliseconds of a processor for each client, and each look at whether a process is ready. Nobody
# in these tests is vouched for by any of them, so one that signs nothing stands in.
os.environ["SSL_CERT_FILE"] = str(ROOT / "authority.pem")

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("colonnade", deadline=None)
settings.load_profile("colonnade")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let workers begin with what takes longest, so that none is left alone with it at the end."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=_turn)


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what the run keeps, as a process that serves does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def _turn(item: pytest.Item) -> int:
    for turn, name in enumerate(TAKEN_FIRST):
        if item.path.is_relative_to(ROOT / name):
            return turn
    return len(TAKEN_FIRST)
