"""What holds for every test."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent
LONGEST = (
    "journeys/test_split.py",
    "faults",
    "simulation",
    "wheel",
    "runtime/cli/test_check_and_run.py",
    "journeys",
    "runtime/process",
    "contract",
    "runtime/nats",
    "plugins",
)
"""Files and folders whose tests take longest, each with the next at its side."""

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("colonnade", deadline=None)
settings.load_profile("colonnade")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let workers begin with what takes longest, so that none is left alone with it at the end."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    for turn, name in enumerate(LONGEST):
        if item.path.is_relative_to(ROOT / name):
            return turn
    return len(LONGEST)
