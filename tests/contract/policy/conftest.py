"""Every policy engine that the abstract suite runs against: add a factory, change no test."""

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from colonnade.policy import PolicyEngine
from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from colonnade_runtime.adapters.policy.opa.engine import opa_policy

sys.path.insert(0, str(Path(__file__).parent / "support"))

SECONDS = 5.0


def _embedded(request: pytest.FixtureRequest) -> PolicyEngine:
    return EmbeddedPolicy(timeout=SECONDS)


def _opa(request: pytest.FixtureRequest) -> PolicyEngine:
    return opa_policy(f"opa+{request.getfixturevalue('opa_url')}", timeout=SECONDS)


ENGINES: dict[str, Callable[[pytest.FixtureRequest], PolicyEngine]] = {
    "embedded": _embedded,
    "opa": _opa,
}


@pytest.fixture(params=sorted(ENGINES))
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[PolicyEngine]:
    """An engine without policies, closed after the test."""
    found = ENGINES[request.param](request)
    yield found
    await found.close()


@pytest.fixture
async def engines(request: pytest.FixtureRequest) -> AsyncIterator[list[PolicyEngine]]:
    """All of them at once, to compare."""
    found = [make(request) for make in ENGINES.values()]
    yield found
    for engine in found:
        await engine.close()
