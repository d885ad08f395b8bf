"""One site for all simulations of a run, in memory where the machine has such a folder."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from colonnade_runtime.testing.simulation import SharedPolicy
from tests.simulation.academies import Site, make_site

MEMORY = Path("/dev/shm")


@pytest.fixture(scope="session")
def policy() -> Iterator[SharedPolicy]:
    """The real policies, decided by the real engine."""
    shared = SharedPolicy(EmbeddedPolicy())
    yield shared
    shared.end()


@pytest.fixture(scope="session")
def site(policy: SharedPolicy) -> Iterator[Site]:
    """Two academies with people and courses."""
    place = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLONNADE_OWNER_PASSWORD", "a password for everybody")
        yield make_site(Path(folder), policy)
