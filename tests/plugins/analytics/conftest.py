"""An academy with the analytics service in it, empty for every test."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "support"))

import pytest
from analytics_bench import Bench

from colonnade.policy import MemoisedPolicy, PolicyBundle
from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from tests.demo_policies import demo_policies

POLICIES = Path(__file__).parents[3] / "policies"


@pytest.fixture(scope="session")
def policies() -> Iterator[EmbeddedPolicy]:
    """The real policies, loaded once: that takes half a second."""
    with asyncio.Runner() as runner:
        made = EmbeddedPolicy(timeout=10.0)
        runner.run(made.load(PolicyBundle(demo_policies())))
        yield made
        runner.run(made.close())


@pytest.fixture
async def bench(tmp_path: Path, policies: EmbeddedPolicy) -> AsyncIterator[Bench]:
    made = Bench(tmp_path, MemoisedPolicy(policies))
    await made.start()
    yield made
    await made.stop()
